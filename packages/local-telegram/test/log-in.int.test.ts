import { ConnectionTCPAbridged, ConnectionTCPFull, ConnectionTCPObfuscated } from 'telegram/network/index.js';
import { describe, expect, it } from 'vitest';
import { closeClient, gramClient } from './client.ts';
import { localTelegram } from './fixture.ts';

describe('log-in', () => {
  const telegram = localTelegram();

  it('makes a key by handshake and takes the code that was sent', async () => {
    const bob = telegram.world.user('bob');
    const client = telegram.open();
    const codes = ['54321', '12345'];
    const refusals: string[] = [];
    await client.start({
      phoneNumber: bob.phone,
      phoneCode: async () => codes.shift() ?? '',
      onError: async (error) => {
        refusals.push(error.message);
        return false;
      },
    });
    const me = await client.getMe();
    expect(refusals.join()).toContain('PHONE_CODE_INVALID');
    expect(me).toMatchObject({ username: 'bob', firstName: 'Bob', self: true });
    expect(Number(me.id)).toBe(bob.id);
  });

  it('knows the session again that a log-in left behind', async () => {
    const { phone } = telegram.world.user('bob');
    const first = telegram.open();
    await first.start({ phoneNumber: phone, phoneCode: async () => '12345', onError: () => undefined });
    const second = telegram.open(String(first.session.save()));
    await second.connect();
    expect(await second.checkAuthorization()).toBe(true);
  });

  it.each([ConnectionTCPAbridged, ConnectionTCPObfuscated, ConnectionTCPFull])(
    'is possible over %o',
    async (transport) => {
      const client = gramClient(telegram.dc, telegram.world.mintSession('bob'), transport);
      try {
        await client.connect();
        expect((await client.getMe()).username).toBe('bob');
      } finally {
        await closeClient(client);
      }
    },
  );

  it('takes a bot by its token', async () => {
    const bot = telegram.world.addUser('helper_bot', { bot: true });
    const client = telegram.open();
    await client.start({ botAuthToken: bot.botToken });
    expect(await client.getMe()).toMatchObject({ username: 'helper_bot', bot: true });
  });

  it('refuses an unknown bot token', async () => {
    const client = telegram.open();
    await client.connect();
    const credentials = { apiId: 1, apiHash: 'hash' };
    await expect(client.signInBot(credentials, { botAuthToken: '1:nobody' })).rejects.toThrow(
      'ACCESS_TOKEN_INVALID',
    );
  });

  it('lets minted sessions in without a handshake, several to one account', async () => {
    const [gateway, sender] = await Promise.all([telegram.connect('alice'), telegram.connect('alice')]);
    expect((await gateway.getMe()).username).toBe('alice');
    expect((await sender.getMe()).username).toBe('alice');
    expect(new Set(telegram.dc.calls.map(({ sessionId }) => sessionId)).size).toBe(2);
  });

  it('refuses calls of a session that was revoked', async () => {
    const client = await telegram.connect('alice');
    telegram.dc.revokeSessions('alice');
    await expect(client.getDialogs({})).rejects.toThrow('AUTH_KEY_UNREGISTERED');
  });
});

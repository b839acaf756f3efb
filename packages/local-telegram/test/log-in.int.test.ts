import bigInt from 'big-integer';
import type { TelegramClient } from 'telegram';
import { Raw } from 'telegram/events/index.js';
import { ConnectionTCPAbridged, ConnectionTCPFull, ConnectionTCPObfuscated } from 'telegram/network/index.js';
import { computeCheck } from 'telegram/Password.js';
import { Api } from 'telegram/tl/index.js';
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

  it.each(['SESSION_REVOKED', 'SESSION_EXPIRED', 'USER_DEACTIVATED'] as const)(
    'refuses them with %s where that is why, until somebody logs in again',
    async (error) => {
      const client = await telegram.connect('alice');
      telegram.dc.revokeSessions('alice', error);
      await expect(client.getDialogs({})).rejects.toMatchObject({ code: 401, errorMessage: error });
      const { phone } = telegram.world.user('alice');
      await client.start({ phoneNumber: phone, phoneCode: async () => '12345', onError: () => undefined });
      expect((await client.getMe()).username).toBe('alice');
    },
  );
});

describe('log-in with a password', () => {
  const telegram = localTelegram();
  const ask = (client: TelegramClient) => client.invoke(new Api.account.GetPassword());
  const exported = (client: TelegramClient) =>
    client.invoke(new Api.auth.ExportLoginToken({ apiId: 1, apiHash: 'hash', exceptIds: [] }));
  const answer = async (client: TelegramClient, password: string) =>
    client.invoke(new Api.auth.CheckPassword({ password: await computeCheck(await ask(client), password) }));

  it('takes the code first and then the password, which may be wrong before it is right', async () => {
    const dora = telegram.world.addUser('dora', { password: 'open sesame' });
    const client = telegram.open();
    const passwords = ['open barley', 'open sesame'];
    const refusals: string[] = [];
    await client.start({
      phoneNumber: dora.phone,
      phoneCode: async () => '12345',
      password: async () => passwords.shift() ?? '',
      onError: async (error) => {
        refusals.push(error.message);
        return false;
      },
    });
    expect(refusals).toEqual([expect.stringContaining('PASSWORD_HASH_INVALID')]);
    expect((await client.getMe()).username).toBe('dora');
  });

  it('asks for nothing but the password meanwhile, and for none any more once it is taken off', async () => {
    const dora = telegram.world.addUser('dora', { password: 'open sesame' });
    const client = telegram.open();
    await client.connect();
    const code = { phoneNumber: dora.phone, phoneCode: '12345', phoneCodeHash: '' };
    code.phoneCodeHash = (await client.sendCode({ apiId: 1, apiHash: 'hash' }, dora.phone)).phoneCodeHash;
    const signIn = () => client.invoke(new Api.auth.SignIn(code));
    await expect(ask(client)).rejects.toMatchObject({ code: 401, errorMessage: 'AUTH_KEY_UNREGISTERED' });
    await expect(signIn()).rejects.toMatchObject({ code: 401, errorMessage: 'SESSION_PASSWORD_NEEDED' });
    await expect(client.getDialogs({})).rejects.toThrow('SESSION_PASSWORD_NEEDED');
    dora.password = undefined;
    await signIn();
    expect((await ask(client)).hasPassword).toBeFalsy();
  });

  it('takes a proof once', async () => {
    const dora = telegram.world.addUser('dora', { password: 'open sesame' });
    const client = await telegram.connect(dora);
    const proof = await computeCheck(await ask(client), 'open sesame');
    await client.invoke(new Api.auth.CheckPassword({ password: proof }));
    await expect(client.invoke(new Api.auth.CheckPassword({ password: proof }))).rejects.toThrow(
      'SRP_ID_INVALID',
    );
  });

  it('comes after the QR code too', async () => {
    const dora = telegram.world.addUser('dora', { password: 'open sesame' });
    const client = telegram.open();
    await client.connect();
    const shown = await exported(client);
    if (!(shown instanceof Api.auth.LoginToken)) throw new Error(shown.className);
    dora.acceptsLogin(shown.token);
    await expect(exported(client)).rejects.toThrow('SESSION_PASSWORD_NEEDED');
    await expect(answer(client, 'wrong')).rejects.toThrow('PASSWORD_HASH_INVALID');
    await answer(client, 'open sesame');
    expect((await client.getMe()).username).toBe('dora');
  });
});

describe('log-in by QR code', () => {
  const telegram = localTelegram();
  const exported = async (client: TelegramClient, exceptIds: number[] = []) => {
    const request = { apiId: 1, apiHash: 'hash', exceptIds: exceptIds.map((id) => bigInt(id)) };
    const answer = await client.invoke(new Api.auth.ExportLoginToken(request));
    if (!(answer instanceof Api.auth.LoginToken)) throw new Error(answer.className);
    return answer;
  };
  const accepted = (client: TelegramClient, token: Buffer) =>
    client.invoke(new Api.auth.AcceptLoginToken({ token }));

  it('lets the client in whose code a person scans, and tells it so', async () => {
    const client = telegram.open();
    await client.connect();
    const onError = (error: Error) => Promise.reject(error);
    const qrCode = async ({ token }: { token: Buffer }) =>
      telegram.world.user('bob').acceptsLogin(`tg://login?token=${token.toString('base64url')}`);
    const user = await client.signInUserWithQrCode({ apiId: 1, apiHash: 'hash' }, { qrCode, onError });
    expect(user).toMatchObject({ username: 'bob', self: true });
    expect((await client.getMe()).username).toBe('bob');
  });

  it('is accepted by a client that is logged in, once', async () => {
    const [phone, waiting] = [await telegram.connect('bob'), telegram.open()];
    await waiting.connect();
    const told = new Promise((resolve) => waiting.addEventHandler(resolve, new Raw({})));
    const { token, expires } = await exported(waiting);
    expect(expires).toBeGreaterThan(Date.now() / 1000);
    await accepted(phone, token);
    expect(await told).toBeInstanceOf(Api.UpdateLoginToken);
    await expect(accepted(phone, token)).rejects.toThrow('AUTH_TOKEN_ALREADY_ACCEPTED');
    await expect(exported(waiting)).rejects.toThrow('auth.LoginTokenSuccess');
    expect((await waiting.getMe()).username).toBe('bob');
  });

  it('is refused where the token is unknown or too old, or the client is logged in as that user already', async () => {
    const [phone, waiting] = [await telegram.connect('bob'), telegram.open()];
    await waiting.connect();
    await expect(accepted(phone, Buffer.alloc(32))).rejects.toThrow('AUTH_TOKEN_INVALID');
    await expect(accepted(waiting, Buffer.alloc(32))).rejects.toThrow('AUTH_KEY_UNREGISTERED');
    const { token: taken } = await exported(waiting, [telegram.world.user('bob').id]);
    await expect(accepted(phone, taken)).rejects.toThrow('AUTH_TOKEN_EXCEPTION');
    telegram.dc.limits.loginTokenS = 0;
    const { token: old } = await exported(waiting);
    await expect(accepted(phone, old)).rejects.toThrow('AUTH_TOKEN_EXPIRED');
  });
});

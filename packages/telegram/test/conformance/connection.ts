import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AuthLost, NotConnected } from '../../src/index.ts';
import { nextHeard, type Stage } from './stage.ts';

export const connectionConformance = (stage: Stage, module: URL): void => {
  describe('connect', () => {
    it('connects with a session and tells who the account is', async () => {
      const account = stage.account();
      const states: string[] = [];
      account.onState((state) => states.push(state));
      expect(account.state).toBe('disconnected');
      expect(() => account.identity).toThrow(NotConnected);

      const { id } = stage.dc.world.user('heavy');
      expect(await account.connect()).toMatchObject({ id, username: 'heavy', name: 'Heavy', isBot: false });
      expect(account.identity.id).toBe(id);
      expect(states).toEqual(['connecting', 'connected']);
    });

    it('rejects with AuthLost at once where the session is not accepted', async () => {
      const account = stage.account();
      stage.dc.revokeSessions('heavy');
      await expect(account.connect()).rejects.toMatchObject({
        name: 'AuthLost',
        code: 'AUTH_KEY_UNREGISTERED',
      });
      expect(account.state).toBe('auth_lost');
    });

    it('rejects with AuthLost where the server does not know the key', async () => {
      const account = stage.account();
      stage.dc.forgetKeys('heavy');
      await expect(account.connect()).rejects.toThrow(AuthLost);
    });

    it('rejects with AuthLost where the session is no session', async () => {
      await expect(stage.account({ session: 'nonsense' }).connect()).rejects.toThrow(AuthLost);
    });

    it('keeps trying while nothing answers, until it is aborted', async () => {
      let attempts = 0;
      const refuser = createServer((socket) => {
        attempts++;
        socket.destroy();
      });
      refuser.listen(0, '127.0.0.1');
      await once(refuser, 'listening');
      const { port } = refuser.address() as { port: number };
      const account = stage.account({ endpoint: { ...stage.dc.endpoint, port } });
      const aborter = new AbortController();
      const connecting = account.connect(aborter.signal);
      await vi.waitFor(() => expect(attempts).toBeGreaterThan(2), { timeout: 10_000 });
      expect(account.state).toBe('connecting');

      aborter.abort(new Error('enough'));
      await expect(connecting).rejects.toThrow('enough');
      expect(account.state).toBe('disconnected');
      refuser.close();
    });

    it('comes back after a dropped connection and hears what is said then', async () => {
      const account = await stage.connected();
      const states: string[] = [];
      account.onState((state) => states.push(state));
      stage.dc.dropConnections();
      await vi.waitFor(() => expect(states).toEqual(['connecting', 'connected']), { timeout: 10_000 });

      const heard = nextHeard(account);
      stage.dc.world.user('alice').in('heavy').says('still there?');
      expect((await heard).text).toBe('still there?');
    });

    it('notices a link on which nothing moves, and carries the call over to the next', async () => {
      const account = await stage.connected({ callTimeoutMs: 6000 });
      stage.dc.blackhole = true;
      const sending = account.sendText({ chatId: stage.club.id, text: 'echo', randomId: 7n });
      setTimeout(() => {
        stage.dc.blackhole = false;
      }, 2500);
      await expect(sending).resolves.toMatchObject({ duplicate: false });
      expect(stage.club.messages().map(({ text }) => text)).toEqual(['echo']);
    });

    it.each(['revokeSessions', 'forgetKeys'] as const)(
      'is lost for good after %s while it runs',
      async (end) => {
        const account = await stage.connected();
        stage.dc[end]('heavy');
        const send = () => account.sendText({ chatId: stage.club.id, text: 'x', randomId: 1n });
        await expect(send()).rejects.toThrow(AuthLost);
        expect(account.state).toBe('auth_lost');
        await expect(send()).rejects.toThrow(AuthLost);
        expect(stage.club.messages()).toEqual([]);
      },
    );
  });

  describe('an account on which nothing happens', () => {
    afterEach(() => vi.useRealTimers());

    it('notices within a minute that it was logged out', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      const account = await stage.connected();
      stage.dc.revokeSessions('heavy');
      const lost = new Promise<void>((resolve) => {
        account.onState((state) => state === 'auth_lost' && resolve());
      });
      vi.advanceTimersByTime(60_000);
      await lost;
    });
  });

  describe('close', () => {
    it('ends calls in flight, and refuses further ones', async () => {
      const account = await stage.connected();
      stage.dc.faults.add({ method: 'messages.SendMessage', swallow: true });
      const send = () => account.sendText({ chatId: stage.club.id, text: 'x', randomId: 1n });
      const sending = expect(send()).rejects.toThrow(NotConnected);
      await vi.waitFor(() => expect(stage.club.messages()).toHaveLength(1));
      await account.close();
      await sending;
      expect(account.state).toBe('disconnected');
      await expect(send()).rejects.toThrow(NotConnected);
    });

    it('leaves nothing that keeps a process alive, also after an upload', async () => {
      const session = stage.dc.world.mintSession('heavy');
      const job = { module: module.href, session, endpoint: stage.dc.endpoint, chatId: stage.club.id };
      const child = fileURLToPath(new URL('closing-process.ts', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(job)], {
        timeout: 30_000,
      });
      const closedAt = Number.parseInt(stdout, 10);
      expect(Date.now() - closedAt).toBeLessThan(2000);
      expect(stage.club.messages()).toHaveLength(1);
    });
  });
};

import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, type ServiceProcess, type Stack, startStack } from '@heavy/stack';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

/** Stands between the services and the data centre, and sees who comes. */
const createRelay = async (port: number) => {
  const relay = { connections: 0, target: 0, hangsUp: false };
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket.on('error', () => undefined);
  };
  const server = createServer((socket) => {
    keep(socket);
    relay.connections += 1;
    if (relay.hangsUp) return void socket.destroy();
    const onward = keep(connect(relay.target, '127.0.0.1'));
    socket.pipe(onward).pipe(socket);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.once('close', () => other.destroy());
  });
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  return Object.assign(relay, {
    open: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    hangUp,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      hangUp();
      await closed;
    },
  });
};

let dir: string;
let stack: Stack;
let port: number;
let relay: Awaited<ReturnType<typeof createRelay>>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
  stack = await startStack({ dir, services: ['gateway', 'sender'] });
  port = await freePort();
  relay = await createRelay(port);
  relay.target = stack.telegram.endpoint.port;
}, 120_000);

afterAll(async () => {
  await stack?.stop();
  await relay?.close().catch(() => undefined);
  await rm(dir, { recursive: true, force: true });
});

const holders = () => [stack.service('gateway'), stack.service('sender')];
const get = async ({ url }: ServiceProcess, path: string) => {
  const response = await fetch(`${url}${path}`);
  return { status: response.status, body: (await response.json()) as unknown };
};
const page = async () => (await get(stack.service('gateway'), '/telegram/session/status')).body;
/** The lines of a service's log at that level, since a moment. */
const linesOf = async ({ logFile }: ServiceProcess, level: string, since: number) =>
  (await readFile(logFile, 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: string; time: number; msg: string })
    .filter((line) => line.level === level && line.time >= since)
    .map(({ msg }) => msg);
const eventually = { timeout: 45_000, interval: 100 };
/** Nobody tries again what Telegram has refused. */
const knocksNoMore = async () => {
  const before = [relay.connections, stack.telegram.calls.length];
  await pause(4000);
  expect([relay.connections, stack.telegram.calls.length]).toEqual(before);
};

describe('how the session is', () => {
  it('is degraded while Telegram cannot be reached at the start, and well once it can', async () => {
    const startedAt = Date.now();
    const starting = holders().map((service) => service.restart({ TELEGRAM_ENDPOINT: `127.0.0.1:${port}` }));
    for (const service of holders())
      await vi.waitFor(async () => {
        expect(await get(service, '/health')).toMatchObject({
          status: 200,
          body: { status: 'degraded', checks: { telegram: { ok: false, detail: expect.any(String) } } },
        });
      }, eventually);
    expect(await get(stack.service('gateway'), '/ready')).toMatchObject({ status: 503 });
    await vi.waitFor(
      async () => expect(await page()).toMatchObject({ state: 'connecting', lease: { ours: true } }),
      eventually,
    );
    relay.hangsUp = true;
    await relay.open();
    // Two processes, each with growing pauses, which may have grown long before this.
    await vi.waitFor(() => expect(relay.connections).toBeGreaterThanOrEqual(2), eventually);
    await pause(4000);
    expect(relay.connections).toBeLessThan(24);
    relay.hangsUp = false;
    await Promise.all(starting);
    for (const service of holders()) {
      expect(await get(service, '/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect(await linesOf(service, 'error', startedAt)).toEqual([]);
    }
  });

  it('is all on one page', async () => {
    const before = Date.now();
    const alice = stack.world.user('alice');
    alice.in('heavy').says('good evening');
    await vi.waitFor(async () => {
      const { lastUpdateAt } = (await page()) as { lastUpdateAt?: string };
      expect(Date.parse(lastUpdateAt ?? '')).toBeGreaterThanOrEqual(before - 1000);
    }, eventually);
    expect(await page()).toEqual({
      state: 'owner',
      since: expect.stringMatching(/^\d{4}-.*Z$/u),
      user: {
        ...{ id: stack.account.id, username: 'heavy', isBot: false },
        phone: expect.stringMatching(/^\+\d\d•+\d\d$/u),
      },
      dataCentre: expect.any(Number),
      lastUpdateAt: expect.any(String),
      lagMs: expect.any(Number),
      pending: 0,
      catchingUp: false,
      lease: { holder: 'gateway', since: expect.any(String), ours: true },
    });
  });

  it.each([
    ['AUTH_KEY_UNREGISTERED', /Log in again with `npm run login -- --replace`, then restart\.$/u],
    ['SESSION_REVOKED', /ended from another device.*`npm run login -- --replace`/u],
    ['SESSION_EXPIRED', /has expired.*`npm run login -- --replace`/u],
    ['USER_DEACTIVATED', /The account was deleted\..*`npm run login -- --replace`/u],
    ['AUTH_KEY_UNKNOWN', /Log in again with `npm run login -- --replace`, then restart\.$/u],
  ] as const)('is said once, with what to do, where Telegram refuses it: %s', async (code, remedy) => {
    const revokedAt = Date.now();
    if (code === 'AUTH_KEY_UNKNOWN') stack.telegram.forgetKeys(stack.account);
    else stack.telegram.revokeSessions(stack.account, code);
    relay.hangUp();
    const detail = expect.stringMatching(remedy);
    for (const service of holders()) {
      const unhealthy = { status: 'unhealthy', checks: { telegram: { ok: false, detail } } };
      await vi.waitFor(
        async () => expect(await get(service, '/health')).toMatchObject({ status: 503, body: unhealthy }),
        eventually,
      );
      expect(await get(service, '/ready')).toMatchObject({ status: 503 });
    }
    expect(await page()).toMatchObject({
      ...{ state: 'refused', user: { id: stack.account.id }, lease: null },
      refusal: { code, remedy: detail },
    });
    await knocksNoMore();
    for (const service of holders()) {
      expect(await linesOf(service, 'error', revokedAt)).toEqual([detail]);
      expect(service.running).toBe(true);
      await service.restart({ TELEGRAM_SESSION: stack.world.mintSession(stack.account) });
    }
    expect(await page()).toMatchObject({ state: 'owner' });
  });
});

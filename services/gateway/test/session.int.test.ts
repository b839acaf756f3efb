import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { telegramRaw } from '@heavy/contracts';
import { type Broker, connectBroker, handle } from '@heavy/messaging';
import { type ServiceProcess, type Stack, startStack } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const patience = { timeout: 45_000, interval: 50 };

interface Page {
  state: string;
  user?: object;
  lease: { holder: string; ours: boolean } | null;
  refusal?: object;
}

describe('gateway', () => {
  const dir = mkdtempSync(join(tmpdir(), 'heavy-gateway-'));
  let stack: Stack;
  let redis: Redis;
  let broker: Broker;
  /** By the texts of the commands: how often each was published. */
  const published = new Map<string, number>();

  beforeAll(async () => {
    stack = await startStack({
      ...{ dir, services: ['gateway', 'sender'], replicas: { gateway: 2 } },
      serviceEnv: { gateway: { INSTANCE: 'one' }, 'gateway-2': { INSTANCE: 'two' } },
    });
    redis = new Redis(stack.redis.url);
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    broker = await connectBroker({ url: stack.rabbitmq.url, service: 'test', log, redis });
    await broker.consume({ name: 'test.tap', bindings: [telegramRaw.type] }, [
      handle(telegramRaw, async ({ data: { message } }) => {
        published.set(message.text, (published.get(message.text) ?? 0) + 1);
      }),
    ]);
  });
  afterAll(async () => {
    await broker?.close();
    redis?.disconnect();
    await stack?.stop();
    rmSync(dir, { recursive: true });
  });

  const gateways = () => [stack.service('gateway'), stack.service('gateway-2')];
  const get = async ({ url }: ServiceProcess, path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, body: await response.json() };
  };
  const pageOf = async (service: ServiceProcess): Promise<Page> =>
    (await get(service, '/telegram/session/status')).body as Page;
  /** The one that has the session, and the other. */
  const inOrder = async (): Promise<[owner: ServiceProcess, standby: ServiceProcess]> => {
    const [first, second] = gateways() as [ServiceProcess, ServiceProcess];
    return (await pageOf(first)).state === 'owner' ? [first, second] : [second, first];
  };
  let asked = 0;
  /** Types a command, and waits until it is published. */
  const command = async (): Promise<string> => {
    const text = `.whoami ${++asked}`;
    stack.world.user('alice').in(stack.account).says(text);
    await vi.waitFor(() => expect(published.get(text)).toBe(1), patience);
    return text;
  };

  it('stands by where another has the session, which is well and ready', async () => {
    const [owner, standby] = await inOrder();
    const holder = owner.env['INSTANCE'];
    for (const path of ['/health', '/ready']) {
      expect(await get(owner, path)).toMatchObject({
        status: 200,
        body: {
          checks: {
            telegram: { ok: true, detail: 'connected' },
            config: { ok: true, detail: '1 admin, open to everyone' },
          },
        },
      });
      expect(await get(standby, path)).toMatchObject({
        status: 200,
        body: { checks: { telegram: { ok: true, detail: `standby: ${holder} has the session` } } },
      });
    }
    expect(await pageOf(standby)).toMatchObject({ state: 'standby', lease: { holder, ours: false } });
    expect(await pageOf(owner)).toMatchObject({
      state: 'owner',
      user: { id: stack.account.id, isBot: false },
      lease: { holder, ours: true },
    });
    await command();
  });

  it('is up, and degraded, while Telegram cannot be reached, and owner once it can', async () => {
    const [owner, standby] = await inOrder();
    await standby.stop();
    await owner.stop();
    stack.telegram.blackhole = true;
    const starting = owner.start();
    await vi.waitFor(
      async () =>
        expect(await get(owner, '/health')).toMatchObject({
          ...{ status: 200, body: { status: 'degraded', checks: { telegram: { detail: 'connecting' } } } },
        }),
      20_000,
    );
    expect(await get(owner, '/ready')).toMatchObject({ status: 503, body: { phase: 'running' } });
    expect((await pageOf(owner)).state).toBe('connecting');
    const text = `.whoami ${++asked}`;
    stack.world.user('alice').in(stack.account).says(text);
    stack.telegram.blackhole = false;
    stack.telegram.dropConnections();
    await Promise.all([starting, standby.start()]);
    await vi.waitFor(() => expect(published.get(text)).toBe(1), patience);
  });

  it('stays, unhealthy, and says what to do where Telegram refuses the session; so does the sender', async () => {
    stack.telegram.revokeSessions(stack.account, 'USER_DEACTIVATED');
    stack.telegram.dropConnections();
    for (const service of [...gateways(), stack.service('sender')])
      await vi.waitFor(
        async () =>
          expect(await get(service, '/health')).toMatchObject({
            status: 503,
            body: {
              checks: { telegram: { ok: false, detail: expect.stringMatching(/USER_DEACTIVATED.*deleted/) } },
            },
          }),
        30_000,
      );
    const [gateway] = gateways() as [ServiceProcess];
    expect(await pageOf(gateway)).toMatchObject({ state: 'refused', refusal: { code: 'USER_DEACTIVATED' } });
    const { length } = stack.telegram.calls;
    expect(stack.services.every(({ running }) => running)).toBe(true);
    await expect(
      vi.waitFor(() => expect(stack.telegram.calls.length).toBeGreaterThan(length), 3000),
    ).rejects.toThrow();
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisKeys, telegramReply, telegramSent } from '@heavy/contracts';
import type { WorldMessage } from '@heavy/local-telegram';
import { type Broker, connectBroker, handle } from '@heavy/messaging';
import { type ServiceProcess, type Stack, startStack } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { quiet } from './fixture.ts';

/** From the end of the owner to what the standby sends first. */
const takeOverMs = 15_000;
/**
 * What was published before the new owner consumes may have been given to the frozen one, and comes back when the broker has
 * missed its heartbeats: three intervals of 10 s at the most, and again as much for a slow machine.
 */
const givenBackMs = 60_000;

interface Page {
  state: string;
  lease: { holder: string; ours: boolean } | null;
}

describe('two senders of one session', { timeout: 180_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'heavy-sender-'));
  let stack: Stack;
  let redis: Redis;
  let broker: Broker;
  let hello: WorldMessage;
  const sent = new Set<string>();

  beforeAll(async () => {
    stack = await startStack({
      ...{ dir, services: ['sender'], replicas: { sender: 2 } },
      serviceEnv: { sender: { INSTANCE: 'one' }, 'sender-2': { INSTANCE: 'two' } },
    });
    redis = new Redis(stack.redis.url);
    broker = await connectBroker({ url: stack.rabbitmq.url, service: 'test', log: quiet, redis });
    await broker.consume({ name: 'test.tap', bindings: [telegramSent.type] }, [
      handle(telegramSent, async ({ data }) => void sent.add(data.commandId)),
    ]);
    hello = stack.world.user('alice').in(stack.account).says('hello');
  }, 180_000);
  afterAll(async () => {
    await broker?.close();
    redis?.disconnect();
    await stack?.stop();
    rmSync(dir, { recursive: true });
  });

  const get = async ({ url }: ServiceProcess, path: string) => (await fetch(`${url}${path}`)).json();
  const pageOf = async (service: ServiceProcess) => (await get(service, '/telegram/session/status')) as Page;
  const inOrder = async (): Promise<[owner: ServiceProcess, standby: ServiceProcess]> => {
    const [first, second] = stack.services as [ServiceProcess, ServiceProcess];
    return (await pageOf(first)).state === 'owner' ? [first, second] : [second, first];
  };
  const texts = () =>
    hello.chat
      .messages()
      .filter(({ from }) => from === stack.account)
      .map(({ text }) => text);
  const ask = (text: string) => {
    const origin = {
      ...{ account: stack.account.id, chatId: hello.chat.markedIdFor(stack.account) },
      ...{ messageId: hello.idFor(stack.account), userId: hello.from.id },
    };
    return broker.publish(telegramReply, { origin, text });
  };
  const isThere = (text: string, timeout: number) =>
    vi.waitFor(() => expect(texts()).toContain(text), { timeout, interval: 50 });

  it('are both well, and one of them stands by', async () => {
    const [owner, standby] = await inOrder();
    const holder = owner.env['INSTANCE'];
    expect(await get(owner, '/health')).toMatchObject({ checks: { telegram: { detail: 'connected' } } });
    expect(await get(standby, '/health')).toMatchObject({
      status: 'ok',
      checks: { telegram: { ok: true, detail: `standby: ${holder} has the session` } },
    });
    expect(await pageOf(standby)).toMatchObject({ state: 'standby', lease: { holder, ours: false } });
    await ask('first');
    await isThere('first', takeOverMs);
  });

  it('take over from each other: at once after a stop, and within 15 s after a kill', async () => {
    const [first, second] = await inOrder();
    await first.stop();
    await ask('after a stop');
    await isThere('after a stop', takeOverMs);
    await first.start();
    await second.kill();
    const id = await ask('after a kill');
    await isThere('after a kill', takeOverMs);
    await vi.waitFor(() => expect(sent).toContain(id));
    await second.start();
    expect(texts()).toEqual(['first', 'after a stop', 'after a kill']);
  });

  it('tell the operator of an alarm in their health, and go on', async () => {
    const [owner, standby] = await inOrder();
    const since = Date.now();
    const alarm = { since, until: since + 3_600_000, told: true };
    const key = redisKeys.peerFlood(stack.account.id);
    await redis.set(key, JSON.stringify(alarm), 'PXAT', alarm.until);
    try {
      // Whoever has the session next knows it.
      await owner.stop();
      await vi.waitFor(async () =>
        expect(await get(standby, '/health')).toMatchObject({
          status: 'degraded',
          checks: { telegram: { ok: false, detail: expect.stringContaining('PEER_FLOOD') } },
        }),
      );
      await ask('in an alarm');
      await isThere('in an alarm', takeOverMs);
    } finally {
      await redis.del(key);
      await owner.start();
    }
  });

  it('send nothing any more once they have been frozen for longer than their lease', async () => {
    const [frozen, other] = await inOrder();
    // Under way, and not answered when it freezes.
    stack.telegram.faults.add({ method: 'messages.SendMessage', swallow: true });
    const before = stack.telegram.calls.length;
    const ids = [await ask('under way')];
    const isSend = ({ method }: { method: string }) => method === 'messages.SendMessage';
    await vi.waitFor(() => expect(stack.telegram.calls.slice(before).some(isSend)).toBe(true));
    for (let n = 0; n < 20; n += 1) ids.push(await ask(`waiting ${n}`));
    frozen.pause();
    try {
      await vi.waitFor(async () => expect((await pageOf(other)).state).toBe('owner'), {
        timeout: 2 * takeOverMs,
        interval: 100,
      });
      ids.push(await ask('after the freeze'));
      await isThere('after the freeze', givenBackMs);
    } finally {
      frozen.resume();
    }
    await vi.waitFor(() => expect(ids.filter((id) => !sent.has(id))).toEqual([]), 90_000);
    await vi.waitFor(async () => expect((await pageOf(frozen)).state).toBe('standby'));
    // Each once, whoever sent it, and never over two connections at a time.
    const all = texts().filter((text) => /under way|waiting|after the freeze/.test(text));
    expect(all.toSorted()).toEqual(
      ['under way', 'after the freeze', ...Array.from({ length: 20 }, (_, n) => `waiting ${n}`)].toSorted(),
    );
    expect(stack.telegram.overlaps).toEqual([]);
    const sessions = new Set(stack.telegram.calls.slice(before).map(({ sessionId }) => sessionId));
    expect(sessions.size).toBeGreaterThanOrEqual(2);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { redisKeys } from '@heavy/contracts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { botsStage, redisUrl, streams } from './bots-stage.ts';

const stage = botsStage();
const script = fileURLToPath(new URL('./fixtures/bots-replica.ts', import.meta.url));
let children: ChildProcess[] = [];

afterEach(async () => {
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  const ended = running.map((child) => once(child, 'exit'));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ended);
  children = [];
});

/** A replica in a process of its own, and what it serves. */
const spawnReplica = (name: string) => {
  const args = [script, redisUrl(), name, JSON.stringify(stage.env())];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const replica = { child, serving: [] as number[] };
  createInterface(child.stdout).on('line', (line) => {
    replica.serving = JSON.parse(line);
  });
  return replica;
};
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));
const add = (bot: { id: number; botToken: string }) =>
  stage.xadd(streams.control, 'add_bot', { bot_id: bot.id, token: bot.botToken, is_sent_logs: true });
const bounded = { timeout: 60_000 };

describe('replicas', { timeout: 180_000 }, () => {
  it('share the bots out evenly, and one that stops hands its own over at once', async () => {
    const bots = numbers(6).map((index) => stage.addBot(`bot_${index}`));
    const first = spawnReplica('first');
    for (const bot of bots) await add(bot);
    await vi.waitFor(() => expect(first.serving).toHaveLength(6), bounded);
    const second = spawnReplica('second');
    await vi.waitFor(() => expect([first.serving.length, second.serving.length]).toEqual([3, 3]), bounded);
    expect(first.serving.filter((bot) => second.serving.includes(bot))).toEqual([]);
    first.child.kill('SIGTERM');
    const [code] = await once(first.child, 'exit');
    expect(code).toBe(0);
    // Nothing of it is left that others would have to wait for.
    const leases = await Promise.all(bots.map(({ id }) => stage.redis.get(redisKeys.bots.lease(id))));
    expect(leases.filter((holder) => holder?.startsWith('first'))).toEqual([]);
    await vi.waitFor(() => expect(second.serving).toHaveLength(6), bounded);
  });

  it('stop a bot that is removed, whichever of them has it', async () => {
    const [one, other] = [spawnReplica('one'), spawnReplica('other')];
    const bots = numbers(2).map((index) => stage.addBot(`bot_${index}`));
    for (const bot of bots) await add(bot);
    await vi.waitFor(() => expect([one.serving.length, other.serving.length]).toEqual([1, 1]), bounded);
    // One of the two words is followed by the replica that does not serve the bot.
    for (const bot of bots) await stage.xadd(streams.control, 'remove_bot', { bot_id: bot.id });
    await vi.waitFor(() => expect([one.serving, other.serving]).toEqual([[], []]), bounded);
  });

  it('lose and double nothing when one is killed, but for what is told as ambiguous', async () => {
    const bots = numbers(4).map((index) => stage.addBot(`bot_${index}`));
    const people = numbers(10).map((index) => stage.addUser(`user_${index}`, ...bots));
    const replicas = [spawnReplica('one'), spawnReplica('two')];
    for (const bot of bots) await add(bot);
    await vi.waitFor(() => expect(replicas.map(({ serving }) => serving.length)).toEqual([2, 2]), bounded);
    stage.botApi.faults.latencyMs = 100;
    for (const text of numbers(5))
      for (const bot of bots) for (const { id } of people) await stage.send(bot, id, text);
    const sends = () => stage.botApi.calls.filter(({ method }) => method === 'sendMessage').length;
    await vi.waitFor(() => expect(sends()).toBeGreaterThan(30), { ...bounded, interval: 5 });
    replicas[0]?.child.kill('SIGKILL');
    await vi.waitFor(() => expect(replicas[1]?.serving).toHaveLength(4), bounded);
    for (const bot of bots) await stage.drained(bot, 50_000);
    for (const bot of bots) {
      const logs = await stage.logs(bot);
      expect(logs).toHaveLength(50);
      for (const user of people) {
        const mine = logs.filter((entry) => entry.chat_id === user.id);
        const ambiguous = mine.filter(({ status }) => status === 0);
        for (const { details } of ambiguous)
          expect(details).toContain('may have been sent: the sender was interrupted');
        const texts = stage.texts(bot, user);
        const doubtful = new Set(ambiguous.map(({ text }) => text));
        // In order, once each; only what is in doubt may be missing.
        expect(texts).toEqual(numbers(5).filter((text) => texts.includes(text)));
        expect(numbers(5).filter((text) => !texts.includes(text) && !doubtful.has(text))).toEqual([]);
      }
    }
  });

  it('report what was on its way when one was killed, and send it no second time', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    const first = spawnReplica('first');
    await add(bot);
    await vi.waitFor(() => expect(first.serving).toEqual([bot.id]), bounded);
    stage.botApi.faults.add({ method: 'sendMessage', swallow: 'after' });
    await stage.send(bot, alice.id, 'doubtful');
    await stage.send(bot, alice.id, 'sure');
    await vi.waitFor(() => expect(stage.texts(bot, alice)).toEqual(['doubtful']), bounded);
    first.child.kill('SIGKILL');
    await stage.start({ instance: 'second' });
    await stage.drained(bot, 40_000);
    expect(stage.texts(bot, alice)).toEqual(['doubtful', 'sure']);
    expect(await stage.logs(bot)).toMatchObject([
      {
        ...{ text: 'doubtful', status: 0 },
        details:
          'The message may have been sent: the sender was interrupted while it was on its way. It was not sent again.',
      },
      { text: 'sure', status: 1 },
    ]);
  });

  it('send nothing once Redis has another as holder of the lease, also where they do not know it yet', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    // So long that nobody looks unless told to.
    const bots = await stage.start({ env: { BOTS_LEASE_MS: '600000' } });
    await stage.register(bot);
    await stage.redis.set(redisKeys.bots.lease(bot.id), 'another');
    await stage.send(bot, alice.id, 'hello');
    const pending = async () => (await stage.redis.xpending(streams.regular(bot.id), 'base'))[0];
    await vi.waitFor(async () => expect(await pending()).toBe(1));
    expect(bots.serving).toEqual([bot.id]);
    await stage.xadd(streams.control, 'pulse', {});
    await vi.waitFor(() => expect(bots.serving).toEqual([]));
    await bots.close();
    expect(stage.texts(bot, alice)).toEqual([]);
    expect(await pending()).toBe(1);
  });

  it('send nothing when they wake up without their lease', async () => {
    const bot = stage.addBot('quiz_bot');
    const people = numbers(10).map((index) => stage.addUser(`user_${index}`, bot));
    const frozen = spawnReplica('frozen');
    await add(bot);
    await vi.waitFor(() => expect(frozen.serving).toEqual([bot.id]), bounded);
    for (const text of numbers(6)) for (const { id } of people) await stage.send(bot, id, text);
    await vi.waitFor(() => expect(stage.botApi.calls.length).toBeGreaterThan(12), {
      ...bounded,
      interval: 5,
    });
    frozen.child.kill('SIGSTOP');
    const awake = await stage.start({ instance: 'awake' });
    await vi.waitFor(() => expect(awake.serving).toEqual([bot.id]), bounded);
    frozen.child.kill('SIGCONT');
    await vi.waitFor(() => expect(frozen.serving).toEqual([]), bounded);
    await stage.drained(bot, 40_000);
    const logs = await stage.logs(bot);
    expect(logs).toHaveLength(60);
    for (const user of people) {
      const doubtful = logs
        .filter(({ chat_id, status }) => chat_id === user.id && status === 0)
        .map(({ text }) => text);
      const texts = stage.texts(bot, user);
      expect(texts).toEqual(numbers(6).filter((text) => texts.includes(text)));
      expect(numbers(6).filter((text) => !texts.includes(text) && !doubtful.includes(text))).toEqual([]);
    }
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { telegramReply } from '@heavy/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Order } from './mortal-sender.ts';
import { createRealWorld } from './real-sender.ts';

const kills = 100;
/** RabbitMQ gives up on a message whose consumers have died twenty times: after so many, one is let through. */
const mostKills = 10;
const script = fileURLToPath(new URL('./mortal-sender.ts', import.meta.url));

let world: Awaited<ReturnType<typeof createRealWorld>>;
let children: Set<ChildProcess>;
beforeEach(async () => {
  world = await createRealWorld();
  children = new Set();
});
afterEach(async () => {
  await Promise.all([...children].map(kill));
  await world.close();
});

const kill = async (child: ChildProcess): Promise<void> => {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};

/** Processes that have started and wait for their order. */
const createSpares = () => {
  const start = () => {
    const child = spawn(process.execPath, [script], { stdio: ['pipe', 'inherit', 'inherit'] });
    children.add(child);
    return child;
  };
  const spares = [start(), start()];
  return (order: Order): ChildProcess => {
    spares.push(start());
    const child = spares.shift()!;
    child.stdin?.write(`${JSON.stringify(order)}\n`);
    return child;
  };
};

describe('senderHandlers', () => {
  it(`post each message exactly once, over ${kills} kills between sending and acknowledging`, {
    timeout: 1_800_000,
  }, async () => {
    const { dc, reports, asker } = world;
    const { chat, origin } = world.supergroup('killed');
    // The queue has to be there before anything is asked for.
    await (await world.startSender()).stop();
    const begin = createSpares();
    const sends = () => dc.calls.filter(({ method }) => method === 'messages.SendMessage').length;
    const ids: string[] = [];
    /** Kills that each message has been through without a report. */
    const survived = new Map<string, number>();
    const ask = async () => {
      const text = `message ${ids.length}`;
      ids.push(await asker.publish(telegramReply, { origin, text }));
    };
    for (let n = 0; n < kills; n += 1) {
      // Few are under way at a time, and one is new.
      const done = new Set(reports.map(({ commandId }) => commandId));
      const open = ids.filter((id) => !done.has(id)).length;
      for (let more = Math.min(open, 3); more < 4; more += 1) await ask();
      const before = sends();
      const count = 1 + Math.floor(Math.random() * 2);
      const child = begin(world.order);
      // From the first or second call on that Telegram has carried out, be it a repeat.
      await vi.waitFor(() => expect(sends() - before).toBeGreaterThanOrEqual(open > 1 ? 1 : count), {
        timeout: 120_000,
        interval: 2,
      });
      expect(child.exitCode).toBeNull();
      const worn = [...survived].filter(([id, times]) => times >= mostKills && !done.has(id));
      if (worn.length > 0)
        await world.reported(
          worn.map(([id]) => id),
          120_000,
        );
      await pause(Math.random() * 25);
      await kill(child);
      for (const id of ids) survived.set(id, (survived.get(id) ?? 0) + 1);
    }
    begin(world.order);
    await world.reported(ids, 120_000);
    const texts = world.textsIn(chat);
    expect(texts.toSorted()).toEqual(ids.map((_, n) => `message ${n}`).toSorted());
    expect(reports.filter(({ error }) => error)).toEqual([]);
    expect(ids.length).toBeGreaterThan(kills);
  });
});

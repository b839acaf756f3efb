import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { redisKeys } from '@heavy/contracts';
import { type Stack, startStack } from '@heavy/stack';
import { Redis } from 'ioredis';
import { burst, catchUp, memory, openTap, steadily, type Tap } from './gateway-load.ts';
import { type Bench, percentile, row } from './row.ts';

const burstCount = 5000;
const rates = [100, 500, 1000];
const steadySeconds = 10;
const missed = 10_000;
/** An hour of an account that hears five messages a second, once the heap has settled. */
const hour = { warmUp: 20_000, count: 18_000 };

/** Milliseconds from receiving each update to the broker's confirm of its event, in the order of the confirms. */
type Latencies = () => Promise<number[]>;

interface Figures {
  perSecond: number;
  /** In the order of `rates`. */
  latencies: number[][];
}

/** The latest of so many, once there are so many in all. */
const latest = async (latencies: Latencies, all: number, count: number): Promise<number[]> => {
  for (;;) {
    const found = await latencies();
    if (found.length >= all) return found.slice(-count);
    await delay(50);
  }
};

const measure = async (stack: Stack, tap: Tap, latencies: Latencies): Promise<Figures> => {
  const perSecond = await burst(stack, tap, burstCount);
  const figures: Figures = { perSecond, latencies: [] };
  for (const rate of rates) {
    await steadily(stack, tap, rate, steadySeconds);
    figures.latencies.push(await latest(latencies, tap.count, rate * steadySeconds));
  }
  return figures;
};

const withStack = async <T>(services: string[], run: (stack: Stack, tap: Tap) => Promise<T>): Promise<T> => {
  const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
  const stack = await startStack({ dir, services, serviceEnv: { gateway: { OPEN_TO: 'everyone' } } });
  try {
    const tap = await openTap(stack);
    return await run(stack, tap).finally(() => tap.close());
  } finally {
    await stack.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

/** The gateway as it runs everywhere: its log, from which the latencies are read, is part of its work. */
const ours = (say: (text: string) => void) =>
  withStack(['gateway'], async (stack, tap) => {
    const redis = new Redis(stack.redis.url);
    await redis.hset(redisKeys.commandWords, 'bench', 'bench');
    redis.disconnect();
    const { logFile } = stack.service('gateway');
    const figures = await measure(stack, tap, async () => {
      const lines = (await readFile(logFile, 'utf8')).split('\n');
      return lines.flatMap((line) =>
        line.includes('"step":"received"') ? [Number(JSON.parse(line).dispatchMs)] : [],
      );
    });
    say(`an hour's worth of updates: ${hour.count}, after ${hour.warmUp} to warm up`);
    // A burst leaves a large heap, in which growth would not show.
    await stack.service('gateway').restart();
    const rss = await memory(stack, tap, hour);
    say(`catching up ${missed} missed updates`);
    return { ...figures, rss, catchUpS: await catchUp(stack, tap, missed) };
  });

const bare = () =>
  withStack([], async (stack, tap) => {
    const settings = {
      ...stack.telegram.endpoint,
      session: stack.world.mintSession(stack.account),
      rabbitmqUrl: stack.rabbitmq.url,
    };
    const script = new URL('./bare-gateway.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await once(child.stdout, 'data');
    try {
      return await measure(stack, tap, async () => said.trim().split('\n').slice(1).map(Number));
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

export const gateway: Bench = {
  name: 'gateway',
  run: async (say) => {
    say(`${burstCount} commands as fast as they go, then ${rates.join(', ')}/s for ${steadySeconds} s each`);
    const us = await ours(say);
    say('the same with a bare client');
    const them = await bare();
    return [
      row('gateway: updates published', us.perSecond, 'updates/s', them.perSecond),
      ...rates.flatMap((rate, index) =>
        [50, 99].map((p) =>
          row(
            `gateway: received → confirmed at ${rate}/s, p${p}`,
            percentile(us.latencies[index] ?? [], p),
            'ms',
            percentile(them.latencies[index] ?? [], p),
          ),
        ),
      ),
      row(`gateway: catching up ${missed} missed updates, a tenth of them commands`, us.catchUpS, 's'),
      row(`gateway: RSS after ${hour.count} updates more, beside before`, us.rss.after, 'MB', us.rss.before, {
        atMost: 1.1,
      }),
    ];
  },
};

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createJobQueue, type JobData } from '@heavy/downloads';
import type { Logger } from '@heavy/service';
import { createCrowd, ensureTools, type Stack, startRedis, startStack } from '@heavy/stack';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { startWorker } from '../services/quartermaster/src/worker.ts';
import { memoryMb } from './command-to-video.ts';
import { createHandingOn } from './hand-on.ts';
import { type Bench, type Row, row } from './row.ts';

/** The first of them asks for as much as six others together, before anybody else. */
const demand = [120, ...Array<number>(19).fill(20)];
const served = 100;
const large = { mb: 1000, bytesPerSecond: 20_000_000, rounds: 2 };
const quick = { jobs: 2000, atOnce: 10 };
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent } as Partial<Logger> as Logger;

/** 1 where all have the same, 1/n where one has everything (R. Jain et al., DEC-TR-301, 1984). */
const jainsIndex = (shares: readonly number[]): number => {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
};

/** Who asked for what was begun, in the order in which it was. */
const begunBy = (stack: Stack): number[] => {
  const begun = new Map<string, number>();
  for (const { query } of stack.site.requests) {
    const asker = /&item=(\d+)-\d+$/u.exec(query)?.[1];
    if (asker !== undefined && !begun.has(query)) begun.set(query, Number(asker));
  }
  return [...begun.values()];
};

/** 500 jobs of twenty people at once, and who has been served when a hundred are begun. */
const fiveHundred = async (stack: Stack, say: (text: string) => void): Promise<Row[]> => {
  const people = createCrowd(stack, { chats: 20, users: demand.length });
  const { handOn, close } = await createHandingOn(stack);
  const { pid } = stack.service('quartermaster');
  const idle = await memoryMb(pid, 'VmRSS');
  const startedAt = Date.now();
  for (const [asker, user] of people.users.entries())
    for (let item = 0; item < (demand[asker] ?? 0); item += 1)
      await handOn(
        `${stack.site.url}/padded.mp4?mb=1&item=${asker}-${item}`,
        user.in(people.chats[asker]!).says(`film ${item}, please`),
      );
  say(`500 handed on within ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  // Those that were begun while there were not many yet had nobody to wait for.
  const alreadyBegun = begunBy(stack).length;
  while (begunBy(stack).length < alreadyBegun + served) await delay(100);
  const shares = Array<number>(demand.length).fill(0);
  for (const asker of begunBy(stack).slice(alreadyBegun, alreadyBegun + served))
    shares[asker] = (shares[asker] ?? 0) + 1;
  say(`${served} begun after ${((Date.now() - startedAt) / 1000).toFixed(0)} s: ${shares.join(', ')}`);
  await close();
  const firstAt = stack.site.requests.find(({ query }) => query.includes('&item='))?.at ?? Number.NaN;
  const what = '500 jobs at once';
  return [
    row(`${what}: time to the first start`, (firstAt - startedAt) / 1000, 's'),
    row(`${what}: Jain's index of 20 askers`, jainsIndex(shares), '', null, { atLeast: 0.95 }),
    row(`${what}: memory of quartermaster, peak over idle`, await memoryMb(pid, 'VmHWM'), 'MB', idle),
  ];
};

/** From handing on to the end of the job, beside yt-dlp alone: 1 GB of an origin that gives 20 MB/s. */
const overhead = async (stack: Stack, dir: string, say: (text: string) => void): Promise<Row> => {
  const { handOn, ledger, close } = await createHandingOn(stack);
  const typed = () => stack.world.user('alice').in(stack.chats[0]!).says('a film, please');
  const url = (take: string) =>
    `${stack.site.url}/padded.mp4?mb=${large.mb}&rate=${large.bytesPerSecond}&take=${take}`;
  const times: { us: number[]; them: number[] } = { us: [], them: [] };
  for (let round = 0; round < large.rounds; round += 1) {
    const ourStart = performance.now();
    const hash = await handOn(url(`us-${round}`), typed());
    while (await ledger.look(hash)) await delay(20);
    times.us.push(performance.now() - ourStart);
    const file = join(dir, 'bare.mp4');
    const theirStart = performance.now();
    await promisify(execFile)(stack.tools.ytDlp, ['-q', '--ignore-config', '-o', file, url(`them-${round}`)]);
    times.them.push(performance.now() - theirStart);
    await rm(file);
    say(`${times.us.at(-1)?.toFixed(0)} ms, yt-dlp alone ${times.them.at(-1)?.toFixed(0)} ms`);
  }
  await close();
  const [us, them] = [Math.min(...times.us), Math.min(...times.them)];
  return row('1 GB at 20 MB/s: job → its end', us, 'ms', them, { atMost: 1.05 });
};

const jobOf = (index: number): JobData => ({
  request: { url: `https://example.com/${index}`, kind: 'video' },
  origin: { account: 1, chatId: 2, messageId: index, userId: index % 20 },
  ...{ contentHash: `job-${index}`, leader: 'a leader', commandId: 'a command', faults: 0 },
});

/** Jobs that are nothing but jobs, through our timetable and through BullMQ alone. */
const throughput = async (): Promise<Row> => {
  const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
  const { redis: program } = await ensureTools({});
  const server = await startRedis({ dir, program });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  const jobs = Array.from({ length: quick.jobs }, (_, index) => jobOf(index));
  const perSecond = async (add: () => Promise<unknown>, work: (done: () => void) => () => Promise<void>) => {
    const startedAt = performance.now();
    await add();
    const all = Promise.withResolvers<void>();
    let left = quick.jobs;
    const stop = work(() => {
      left -= 1;
      if (left === 0) all.resolve();
    });
    await all.promise;
    const rate = quick.jobs / ((performance.now() - startedAt) / 1000);
    await stop();
    return rate;
  };
  try {
    const ours = createJobQueue(redis);
    const us = await perSecond(
      () => Promise.all(jobs.map((job) => ours.add(job))),
      (done) => {
        const work = async () => {
          done();
          return '';
        };
        const disk = { isEnough: async () => true };
        const { stop } = startWorker({
          ...{ redis, work, disk, log, lineMoved: silent, atOnce: quick.atOnce, leaseMs: 15_000 },
        });
        return () => stop(0);
      },
    );
    await ours.close();
    const theirs = new Queue<JobData, string>('bare', { connection: redis });
    const them = await perSecond(
      () => Promise.all(jobs.map((job) => theirs.add('video', job, { removeOnComplete: true }))),
      (done) => {
        const worker = new Worker('bare', async () => done(), {
          ...{ connection: redis, concurrency: quick.atOnce },
        });
        return () => worker.close();
      },
    );
    await theirs.close();
    return row('jobs through the queue', us, '/s', them);
  } finally {
    redis.disconnect();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

export const jobs: Bench = {
  name: 'jobs',
  run: async (say) => {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    const stack = await startStack({
      dir,
      services: ['quartermaster', 'sender'],
      serviceEnv: {
        quartermaster: { JOBS_AT_ONCE: '4', DOWNLOADS_PER_HOST: '100', LEASE_MS: '60000' },
        // What no account may do, so that what is measured is the system.
        sender: { PACE: '0', PACE_PER_CHAT: '0' },
      },
    });
    try {
      return [await throughput(), await overhead(stack, dir, say), ...(await fiveHundred(stack, say))];
    } finally {
      await stack.stop();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

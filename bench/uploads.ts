import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type LocalTelegram, startLocalTelegram } from '@heavy/local-telegram';
import { type Bench, percentile, type Row, row } from './row.ts';
import type { UploaderResult, UploaderSettings } from './uploader.ts';

const rounds = 3;
const fileBytes = 50e6;
const largeBytes = 2e9;
const messages = 1000;

/** A data centre with one account and one chat, and processes that use it. */
const scene = async (dir: string) => {
  const telegram: LocalTelegram = await startLocalTelegram({ spoolDir: dir });
  telegram.world.addUser('alice');
  telegram.world.addUser('heavy');
  const chat = telegram.world.addSupergroup('Film club', { members: ['alice', 'heavy'] });
  const run = async (
    who: UploaderSettings['who'],
    task: Pick<UploaderSettings, 'file' | 'messages'>,
  ): Promise<UploaderResult> => {
    const settings: UploaderSettings = {
      ...{ who, chatId: chat.id, session: telegram.world.mintSession('heavy') },
      ...telegram.endpoint,
      ...task,
    };
    const script = join(import.meta.dirname, 'uploader.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(settings)]);
    return JSON.parse(stdout) as UploaderResult;
  };
  return { telegram, run };
};

/** A file of zeros that takes no space. */
const fileOf = async (path: string, sizeBytes: number): Promise<string> => {
  const file = await open(path, 'w');
  await file.truncate(sizeBytes);
  await file.close();
  return path;
};

export const uploads: Bench = {
  name: 'uploads',
  run: async (say) => {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    const { telegram, run } = await scene(dir);
    const rows: Row[] = [];
    /** What each side does a second; they take turns, and the middle of the rounds counts. */
    const compare = async (
      name: string,
      unit: string,
      amount: number,
      task: Pick<UploaderSettings, 'file' | 'messages'>,
    ): Promise<void> => {
      const rates: Record<UploaderSettings['who'], number[]> = { ours: [], bare: [] };
      for (let round = 0; round < rounds; round += 1)
        for (const who of ['ours', 'bare'] as const)
          rates[who].push(amount / ((await run(who, task)).ms / 1000));
      const [us, them] = [percentile(rates.ours, 0.5), percentile(rates.bare, 0.5)];
      say(`${name}: ${us.toFixed(1)} ${unit}, bare ${them.toFixed(1)}`);
      rows.push(row(name, us, unit, them, { atLeast: 1 }));
    };
    try {
      const file = await fileOf(join(dir, 'file.mp4'), fileBytes);
      for (const latencyMs of [0, 50]) {
        telegram.faults.latencyMs = latencyMs;
        await compare(`account: upload, ${latencyMs} ms a call`, 'MB/s', fileBytes / 1e6, { file });
      }
      telegram.faults.latencyMs = 0;
      await compare('account: sendMessage', 'messages/s', messages, { messages });
      return rows;
    } finally {
      await telegram.close();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

export const largeUpload: Bench = {
  name: 'large-upload',
  run: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    const { telegram, run } = await scene(dir);
    try {
      const { ms, peakMb } = await run('ours', { file: await fileOf(join(dir, 'large.mp4'), largeBytes) });
      return [
        row('account: 2 GB upload, memory at its highest', peakMb, 'MB', null, { atMost: 200 }),
        row('account: 2 GB upload', largeBytes / 1e3 / ms, 'MB/s'),
      ];
    } finally {
      await telegram.close();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

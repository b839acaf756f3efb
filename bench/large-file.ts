import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@heavy/stack';
import { memoryMb, ours } from './command-to-video.ts';
import { type Row, row } from './row.ts';

const sizeMb = 1000;
const limit = String(2 * sizeMb * 1e6);
const timeoutMs = 20 * 60_000;

/** What storing and sending 1 GB takes of memory at its highest. */
export const largeFile = async (say: (text: string) => void): Promise<Row[]> => {
  const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
  const stack = await startStack({
    dir,
    serviceEnv: {
      gateway: { OPEN_TO: 'everyone' },
      'media-pirate': { SMALL_MAX_BYTES: limit, MAX_BYTES: limit },
    },
  });
  try {
    const before = process.memoryUsage().rss;
    const tookMs = await ours(stack, `${stack.site.url}/padded.mp4?mb=${sizeMb}`, timeoutMs);
    const here = (process.memoryUsage().rss - before) / 1e6;
    say(
      `1 GB in ${(tookMs / 1000).toFixed(0)} s; the local Telegram and the site grew by ${here.toFixed(0)} MB`,
    );
    const peak = async (name: string) =>
      row(
        `1 GB file: memory of ${name}, peak`,
        await memoryMb(stack.service(name).pid, 'VmHWM'),
        'MB',
        null,
        {
          atMost: 200,
        },
      );
    return [
      await peak('media-pirate'),
      await peak('sender'),
      row('1 GB file: command → message', tookMs / 1000, 's'),
    ];
  } finally {
    await stack.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stack, startStack } from '@heavy/stack';
import { bare, ours } from './command-to-video.ts';
import { largeFile } from './large-file.ts';
import { throughput } from './replicas.ts';
import { type Bench, percentile, type Row, row } from './row.ts';
import { thousandAskers } from './thousand-askers.ts';

const repeats = 50;
const coldRounds = 3;

/** What is in Telegram already, asked for again. */
const warmRepeat = async (stack: Stack): Promise<Row[]> => {
  const url = `${stack.site.url}/padded.mp4?mb=5&item=warm`;
  await ours(stack, url);
  const times: number[] = [];
  for (let round = 0; round < repeats; round += 1) times.push(await ours(stack, url));
  return [50, 99].map((p) => row(`warm repeat: command → message, p${p}`, percentile(times, p), 'ms'));
};

/** A new item of 50 MB, beside yt-dlp alone and the client's own upload. */
const coldItem = async (stack: Stack, dir: string, say: (text: string) => void): Promise<Row[]> => {
  const times: { us: number[]; them: number[] } = { us: [], them: [] };
  for (let round = 0; round < coldRounds; round += 1) {
    times.us.push(await ours(stack, `${stack.site.url}/padded.mp4?mb=50&round=${round}`));
    times.them.push(await bare(stack, `${stack.site.url}/padded.mp4?mb=50&bare=${round}`, dir, round));
    say(`cold, ${round + 1}: ${times.us.at(-1)?.toFixed(0)} ms, bare ${times.them.at(-1)?.toFixed(0)} ms`);
  }
  const [us, them] = [percentile(times.us, 50), percentile(times.them, 50)];
  return [row('cold 50 MB item: command → message', us, 'ms', them, { atMost: 1.15 })];
};

export const oneDownload: Bench = {
  name: 'one-download',
  run: async (say) => {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    const stack = await startStack({
      dir,
      replicas: { 'media-pirate': 4 },
      serviceEnv: {
        gateway: { OPEN_TO: 'everyone' },
        // What no account may do, so that what is measured is the system.
        sender: { PACE: '0', PACE_PER_CHAT: '0' },
      },
    });
    const rows: Row[] = [];
    try {
      rows.push(...(await thousandAskers(stack, say)));
      rows.push(...(await warmRepeat(stack)));
      rows.push(...(await coldItem(stack, dir, say)));
    } finally {
      await stack.stop();
      await rm(dir, { recursive: true, force: true });
    }
    rows.push(...(await largeFile(say)));
    for (const replicas of [1, 2, 4]) rows.push(await throughput(replicas));
    return rows;
  },
};

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Stack, startStack } from '@heavy/stack';
import { bareClient } from './bare-gateway.ts';
import { type Bench, percentile, type Row, row } from './row.ts';

const rounds = 3;
const services = ['gateway', 'media-pirate', 'sender', 'logger'];

/** Now, or at its highest, of one process. */
export const memoryMb = async (pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'mu').exec(status)?.[1]) / 1024;
};

const memory = async (stack: Stack, what: string, field: 'VmRSS' | 'VmHWM'): Promise<Row[]> => {
  const rows: Row[] = [];
  for (const name of services)
    rows.push(row(`memory: ${name}, ${what}`, await memoryMb(stack.service(name).pid, field), 'MB'));
  return rows;
};

/** From the command to the video in the chat, in milliseconds. */
export const ours = async (stack: Stack, url: string, timeoutMs = 120_000): Promise<number> => {
  const chat = stack.chats[0] as (typeof stack.chats)[number];
  const startedAt = performance.now();
  const command = stack.world.user('alice').in(chat).says(`.vdl ${url}`);
  await chat.waitFor((message) => message.replyTo === command && message.media !== undefined, {
    timeoutMs,
  });
  return performance.now() - startedAt;
};

/** yt-dlp alone, then the client's own upload of what it left. */
export const bare = async (stack: Stack, url: string, dir: string, round: number): Promise<number> => {
  const client = await bareClient({
    ...stack.telegram.endpoint,
    session: stack.world.mintSession(stack.account),
  });
  await client.getDialogs({});
  const path = join(dir, `bare-${round}.mp4`);
  const startedAt = performance.now();
  await promisify(execFile)(stack.tools.ytDlp, [
    '--ignore-config',
    '--no-warnings',
    '-q',
    '-o',
    path,
    '--',
    url,
  ]);
  await client.sendFile(stack.chats[0]?.id ?? 0, { file: path, workers: 4, supportsStreaming: true });
  const tookMs = performance.now() - startedAt;
  await client.destroy();
  return tookMs;
};

export const commandToVideo: Bench = {
  name: 'command-to-video',
  run: async (say) => {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    const stack = await startStack({ dir, serviceEnv: { gateway: { OPEN_TO: 'everyone' } } });
    try {
      // Memory is idle once what starting left behind has been collected.
      await delay(5000);
      const idle = await memory(stack, 'idle', 'VmRSS');
      const times: { us: number[]; them: number[] } = { us: [], them: [] };
      for (let round = 0; round < rounds; round += 1) {
        times.us.push(await ours(stack, `${stack.site.url}/big.mp4?round=${round}`));
        times.them.push(await bare(stack, `${stack.site.url}/big.mp4?bare=${round}`, dir, round));
        say(
          `round ${round + 1}: ${times.us.at(-1)?.toFixed(0)} ms, bare ${times.them.at(-1)?.toFixed(0)} ms`,
        );
      }
      const [us, them] = [percentile(times.us, 50), percentile(times.them, 50)];
      return [
        row('command → video in the chat, 10 MB', us, 'ms', them, { atMost: 1.3 }),
        ...idle,
        ...(await memory(stack, 'peak', 'VmHWM')),
      ];
    } finally {
      await stack.stop();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

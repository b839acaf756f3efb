import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Bench, row } from './row.ts';

export const demoStart: Bench = {
  name: 'demo-start',
  run: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    const script = join(dir, 'conversation');
    await writeFile(script, 'film-club alice .vdl {site}/clip.mp4\n');
    const entry = new URL('../scripts/run.mjs', import.meta.url).pathname;
    const startedAt = performance.now();
    const child = spawn(process.execPath, [entry, 'demo', '--json', '--script', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(child, 'exit');
    let firstVideoMs = Number.NaN;
    for await (const line of createInterface({ input: child.stdout }))
      if (Number.isNaN(firstVideoMs) && JSON.parse(line).media?.kind === 'video')
        firstVideoMs = performance.now() - startedAt;
    await ended;
    await rm(dir, { recursive: true, force: true });
    return [row('npm run demo: start to first video', firstVideoMs / 1000, 's', null, { atMost: 40 })];
  },
};

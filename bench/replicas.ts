import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@heavy/stack';
import { ours } from './command-to-video.ts';
import { type Row, row } from './row.ts';

const items = 6;
const sizeMb = 10;

/** Downloads, one at a time in each replica, from an origin that gives 5 MB/s a connection. */
export const throughput = async (replicas: number): Promise<Row> => {
  const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
  const stack = await startStack({
    dir,
    replicas: { 'media-pirate': replicas },
    serviceEnv: {
      gateway: { OPEN_TO: 'everyone' },
      'media-pirate': { DOWNLOADS_AT_ONCE: '1', DOWNLOADS_PER_HOST: String(items) },
    },
  });
  try {
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: items }, (_, item) =>
        ours(stack, `${stack.site.url}/limited.mp4?mb=${sizeMb}&item=${item}`),
      ),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const name = `${items} items of ${sizeMb} MB at 5 MB/s a connection, replicas: ${replicas}`;
    return row(name, (items * sizeMb) / seconds, 'MB/s');
  } finally {
    await stack.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTools, startMediaSite } from '@heavy/stack';
import { downloadThroughKills } from '../packages/media/test/fixtures/killed-download.ts';
import { type Bench, row } from './row.ts';

const sizeBytes = 200_000_000;
const path = '/padded.mp4';

/** What a file costs of an origin that cuts the connection every 10 MB, when the process is killed five times as well. */
export const resume: Bench = {
  name: 'resume',
  run: async (say) => {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    const tools = await ensureTools({ say });
    const site = await startMediaSite({ ffmpeg: tools.ffmpeg });
    try {
      const address = `${site.url}${path}?mb=${sizeBytes / 1e6}`;
      const startedAt = performance.now();
      const sha256 = await downloadThroughKills({
        ...{ tools, workDir: dir, url: `${address}&cut=10000000&rate=10000000`, sizeBytes, kills: 5 },
      });
      const seconds = (performance.now() - startedAt) / 1000;
      const fetched = site.bytesSent(path);
      const hash = createHash('sha256');
      for await (const chunk of (await fetch(address)).body ?? []) hash.update(chunk);
      if (hash.digest('hex') !== sha256) throw new Error('what was fetched is not what is there');
      say(`${seconds.toFixed(0)} s at 10 MB/s, ${site.requests.length} requests`);
      return [
        row('200 MB, cut every 10 MB, killed 5 times: bytes fetched', fetched / 1e6, 'MB', sizeBytes / 1e6, {
          atMost: 1.05,
        }),
      ];
    } finally {
      await site.stop();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

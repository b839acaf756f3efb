import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../free-ports.ts';
import { ensureSampleFiles, type SampleFilesOptions } from './sample-files.ts';

/** A server that nobody should ever reach: it has what a download would want, and notes whoever comes for it. */
export interface Canary {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Every request so far, oldest first; the path with its query. */
  readonly hits: readonly { readonly method: string; readonly path: string }[];
  /** Cuts all connections and ends. */
  stop(): Promise<void>;
}

/** Starts a canary on a free loopback port; it answers every address with the sample clip. */
export const startCanary = async (options: SampleFilesOptions): Promise<Canary> => {
  const clip = readFileSync(join(await ensureSampleFiles(options), 'clip.mp4'));
  const hits: { method: string; path: string }[] = [];
  const server = createServer(({ method = '', url: path = '' }, response) => {
    hits.push({ method, path });
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': clip.length }).end(clip);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    hits,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

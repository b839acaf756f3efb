import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range that Linux and macOS take the ports of outgoing connections from: a server that is stopped and
// started again on its port, or that takes seconds to listen, never finds it taken by some client in between.
const usual = { lowest: 15_000, highest: 32_000 };
const attempts = 200;

/**
 * Whether nobody else has been given the port: two processes that look for ports at the same time would find the same one free
 * until one of them listens. Holds until this process ends, however it ends. Where there are no abstract sockets (they are
 * Linux's own) nobody is asked.
 */
const claim = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'EADDRINUSE'));
    server.listen(`\0heavy-port-${port}`, () => {
      server.unref();
      resolve(true);
    });
  });

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

/**
 * `count` different loopback ports that nothing listens on now, and that nobody was given before.
 * @throws {Error} where none can be found.
 */
export const freePorts = async (
  count: number,
  { lowest, highest }: { lowest: number; highest: number } = usual,
): Promise<number[]> => {
  const found = new Set<number>();
  for (let attempt = 0; attempt < attempts && found.size < count; attempt++) {
    const port = randomInt(lowest, highest);
    if ((await isFree(port)) && (await claim(port))) found.add(port);
  }
  if (found.size < count) throw new Error(`Found no ${count} free ports between ${lowest} and ${highest}.`);
  return [...found];
};

/** One loopback port that nothing listens on now. */
export const freePort = async (): Promise<number> => {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('Found no free port.');
  return port;
};

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range that Linux and macOS take the ports of outgoing connections from: a server that is stopped and
// started again on its port, or that takes seconds to listen, never finds it taken by some client in between.
const lowest = 15_000;
const highest = 32_000;
const attempts = 200;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

/**
 * `count` different loopback ports that nothing listens on now.
 * @throws {Error} where none can be found.
 */
export const freePorts = async (count: number): Promise<number[]> => {
  const found = new Set<number>();
  for (let attempt = 0; attempt < attempts && found.size < count; attempt++) {
    const port = randomInt(lowest, highest);
    if (!found.has(port) && (await isFree(port))) found.add(port);
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

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { freePort } from '../free-ports.ts';
import { Flow } from './flow.ts';
import { addresses, frontPage, plainPage, watchPage } from './pages.ts';
import { parseRange } from './range.ts';
import { ensureSampleFiles } from './sample-files.ts';

/** One request that the site was asked. */
export interface SiteRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  readonly range: string | undefined;
  readonly userAgent: string | undefined;
  /** Unix time in milliseconds. */
  readonly at: number;
  status: number;
  /** Of the body, so far. */
  bytesSent: number;
  state: 'sending' | 'done' | 'cut';
}

/** A sample media site on loopback, which tests can slow down and stop at any byte. */
export interface MediaSite {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Every request so far, oldest first. */
  readonly requests: readonly SiteRequest[];
  /** Sends the path at this rate, each response by itself; null: as fast as it goes. */
  throttle(path: string, bytesPerSecond: number | null): void;
  /**
   * From now on no byte of the path at offset `afterBytes` or beyond leaves, until `release`. Resolves when the first
   * response is stopped there.
   */
  hold(path: string, afterBytes?: number): Promise<void>;
  /** Lets a held path go on. Does nothing where it is not held. */
  release(path: string): void;
  /** Cuts all connections and ends. */
  stop(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mp3': 'audio/mpeg',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.ts': 'video/mp2t',
};
const failures: Readonly<Record<string, number>> = { '/forbidden': 403, '/gone': 410, '/broken': 500 };
const slowSeconds = 15;
const endlessBytesPerSecond = 2_000_000;

export interface MediaSiteOptions {
  /** Absolute path; makes the files where they are not in the cache yet. */
  ffmpeg: string;
  say?: (line: string) => void;
  signal?: AbortSignal | undefined;
}

/** Starts the sample media site on a free port. */
export const startMediaSite = async (options: MediaSiteOptions): Promise<MediaSite> => {
  const folder = await ensureSampleFiles(options);
  const files = new Map<string, Buffer>();
  const file = (path: string): Buffer => {
    const known = files.get(path) ?? readFileSync(join(folder, path));
    files.set(path, known);
    return known;
  };
  const isFile = (path: string) =>
    /^\/(hls\/medium\d*\.(ts|m3u8)|hls\/master\.m3u8|[a-z]+\.(mp4|webm|mp3))$/u.test(path);
  const flow = new Flow();
  flow.throttle('/slow.mp4', Math.ceil(file('/slow.mp4').length / slowSeconds));
  flow.throttle('/endless.mp4', endlessBytesPerSecond);
  const requests: SiteRequest[] = [];

  const send = async (
    response: ServerResponse,
    record: SiteRequest,
    next: (at: number) => Buffer,
    from = 0,
  ) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      for (let offset = from; ; ) {
        const rest = next(offset);
        if (rest.length === 0) break;
        const size = await flow.next(record.path, offset, rest.length, gone.signal);
        const flushed = response.write(rest.subarray(0, size));
        offset += size;
        record.bytesSent += size;
        if (!flushed) await once(response, 'drain', { signal: gone.signal });
      }
      response.end();
    } catch (error) {
      // The client went, which is its right; anything else is a fault of ours.
      if (!gone.signal.aborted) throw error;
    }
  };

  const sendFile = async (request: IncomingMessage, response: ServerResponse, record: SiteRequest) => {
    const body = file(record.path);
    const range = parseRange(record.range, body.length);
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: body.length - 1 };
    response.writeHead(range ? 206 : 200, {
      'content-type': types[extname(record.path)] ?? 'application/octet-stream',
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
      ...(range ? { 'content-range': `bytes ${start}-${end}/${body.length}` } : {}),
    });
    if (request.method === 'HEAD') response.end();
    else await send(response, record, (offset) => body.subarray(offset, end + 1), start);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse, record: SiteRequest) => {
    const html = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(text);
    const { path } = record;
    const failure = failures[path];
    if (request.method !== 'GET' && request.method !== 'HEAD') html(405, 'Only GET and HEAD.');
    else if (path === '/') html(200, frontPage());
    else if (path === '/watch/sample') html(200, watchPage(url));
    else if (path === '/page.html') html(200, plainPage());
    else if (failure !== undefined) html(failure, `<p>${addresses[path]}</p>`);
    else if (path === '/endless.mp4') {
      const clip = file('/clip.mp4');
      // Without a length Node sends it in chunks.
      response.writeHead(200, { 'content-type': 'video/mp4' });
      if (request.method === 'HEAD') response.end();
      else await send(response, record, (offset) => clip.subarray(offset % clip.length));
    } else if (isFile(path)) await sendFile(request, response, record);
    else html(404, '<p>Not found</p>');
  };

  const server = createServer((request, response) => {
    const address = new URL(request.url ?? '/', 'http://site');
    const record: SiteRequest = {
      method: request.method ?? 'GET',
      path: address.pathname,
      query: address.search,
      range: request.headers.range,
      userAgent: request.headers['user-agent'],
      at: Date.now(),
      status: 0,
      bytesSent: 0,
      state: 'sending',
    };
    requests.push(record);
    response.once('close', () => {
      record.status = response.statusCode;
      record.state = response.writableFinished ? 'done' : 'cut';
    });
    answer(request, response, record).catch((error: NodeJS.ErrnoException) => {
      // A name that looks like a sample file and is none.
      if (error.code === 'ENOENT' && !response.headersSent) response.writeHead(404).end();
      else response.destroy(error);
    });
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    url,
    port,
    requests,
    throttle: (path, bytesPerSecond) => flow.throttle(path, bytesPerSecond),
    hold: (path, afterBytes = 0) => flow.hold(path, afterBytes),
    release: (path) => flow.release(path),
    stop: async () => {
      flow.releaseAll();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../free-ports.ts';
import { type Answer, createAnswers } from './answers.ts';
import type { Body } from './body.ts';
import { Flow } from './flow.ts';
import { type Manners, mannersOf, rangeApplies } from './manners.ts';
import { type ByteRange, parseRange } from './range.ts';
import { ensureSampleFiles, type SampleFilesOptions } from './sample-files.ts';

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
  /** From now on there is another file at the path, as long as before: of padded ones and segments, whatever the query. */
  edit(path: string): void;
  /** Bytes of bodies that have left so far at a path, whatever its query. */
  bytesSent(path: string): number;
  /** Cuts all connections and ends. */
  stop(): Promise<void>;
}

const slowSeconds = 15;
const endlessBytesPerSecond = 2_000_000;
const limitedBytesPerSecond = 5_000_000;

export interface MediaSiteOptions extends SampleFilesOptions {
  /** Where the addresses under `/to-canary/` lead; without it there are none. */
  canaryUrl?: string;
}

const readOrNothing = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path);
  } catch {
    // A name that looks like a sample file and is none.
    return undefined;
  }
};

/** Starts the sample media site on a free port. */
export const startMediaSite = async (options: MediaSiteOptions): Promise<MediaSite> => {
  const folder = await ensureSampleFiles(options);
  const files = new Map<string, Buffer>();
  const file = (path: string): Buffer | undefined => {
    const known = files.get(path) ?? readOrNothing(join(folder, path));
    if (known) files.set(path, known);
    return known;
  };
  const flow = new Flow();
  flow.throttle('/slow.mp4', Math.ceil((file('/slow.mp4')?.length ?? 0) / slowSeconds));
  flow.throttle('/endless.mp4', endlessBytesPerSecond);
  flow.throttle('/limited.mp4', limitedBytesPerSecond);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const answerTo = createAnswers({ siteUrl: url, canaryUrl: options.canaryUrl, file });
  const requests: SiteRequest[] = [];
  /** Requests of each address, with its query. */
  const asked = new Map<string, number>();
  /** How often each path was edited. */
  const edited = new Map<string, number>();
  const mannersFor = ({ pathname, search, searchParams }: URL): Manners => {
    const nth = (asked.get(pathname + search) ?? 0) + 1;
    asked.set(pathname + search, nth);
    return mannersOf(searchParams, nth, edited.get(pathname));
  };

  /** Sends the bytes `start` to `end`, both included. */
  const sendBody = async (
    response: ServerResponse,
    record: SiteRequest,
    body: Body,
    { start, end }: ByteRange,
    { bytesPerSecond, cutAfter = Number.POSITIVE_INFINITY }: Manners,
  ) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const gate = flow.gate(record.path, gone.signal, bytesPerSecond);
    const cutAt = start + cutAfter;
    try {
      for (let offset = start; offset <= end; ) {
        if (offset >= cutAt) {
          // What was written has to get there.
          response.socket?.end();
          return;
        }
        const rest = body.from(offset);
        const size = await gate(offset, Math.min(rest.length, Math.min(end + 1, cutAt) - offset));
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

  const sendMedia = async (
    request: IncomingMessage,
    response: ServerResponse,
    record: SiteRequest,
    { type, body, ...answer }: Extract<Answer, { body: Body }>,
    manners: Manners,
  ) => {
    const { sizeBytes } = body;
    const { refusal, validators } = manners;
    if (refusal) {
      const { status, retryAfter } = refusal;
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
      return;
    }
    const ranges = answer.ranges && manners.ranges;
    const isRanged = ranges && rangeApplies(request.headers['if-range']?.toString(), manners);
    const range = isRanged && sizeBytes !== undefined ? parseRange(record.range, sizeBytes) : undefined;
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'content-range': `bytes */${sizeBytes}` }).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: (sizeBytes ?? Number.POSITIVE_INFINITY) - 1 };
    response.writeHead(range ? 206 : 200, {
      'content-type': type,
      // Without a length Node sends it in chunks.
      ...(sizeBytes === undefined ? {} : { 'content-length': end - start + 1 }),
      ...(ranges ? { 'accept-ranges': 'bytes' } : {}),
      ...(sizeBytes === undefined ? {} : validators),
      ...(range ? { 'content-range': `bytes ${start}-${end}/${sizeBytes}` } : {}),
    });
    if (request.method === 'HEAD') response.end();
    else await sendBody(response, record, body, { start, end }, manners);
  };

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    record: SiteRequest,
    address: URL,
  ) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405).end();
      return;
    }
    const manners = mannersFor(address);
    const given = answerTo(address, manners.edition);
    if (given === 'silence') return;
    if ('body' in given) return sendMedia(request, response, record, given, manners);
    const { status, type, text, location } = given;
    response.writeHead(status, { 'content-type': type, ...(location === undefined ? {} : { location }) });
    response.end(text);
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
    answer(request, response, record, address).catch((error: Error) => response.destroy(error));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    url,
    port,
    requests,
    throttle: (path, bytesPerSecond) => flow.throttle(path, bytesPerSecond),
    hold: (path, afterBytes = 0) => flow.hold(path, afterBytes),
    release: (path) => flow.release(path),
    edit: (path) => void edited.set(path, (edited.get(path) ?? 0) + 1),
    bytesSent: (path) =>
      requests.filter((request) => request.path === path).reduce((sum, { bytesSent }) => sum + bytesSent, 0),
    stop: async () => {
      flow.releaseAll();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

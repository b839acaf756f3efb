import { backoffMs, sleep, untilAborted, within } from '@heavy/timing';
import type { Api } from 'telegram';
import { MsgWaitError } from 'telegram/errors/index.js';
import { AuthLost, CallTimedOut, FloodWait, NotConnected, type TelegramError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { toTelegramError } from './errors.ts';
import { KeyUnknown, type Link, LinkBroken } from './link.ts';

export interface SteadyConnectionOptions {
  open: () => Promise<Link>;
  /** Runs on each new link before any call; the link is up when it resolves. */
  greet: (link: Link) => Promise<void>;
  /** Called before each request leaves; throws where it must not. */
  fence?: () => void;
  /** From asking for a call to its answer, over as many links as it takes. */
  callTimeoutMs: number;
  /** An answer that takes longer than this has the link probed. */
  probeAfterMs: number;
  onUp?: () => void;
  onDown?: () => void;
  onLost: (error: AuthLost) => void;
  log: Logger;
}

interface Waiter {
  resolve: (link: Link) => void;
  reject: (error: Error) => void;
}

/** A link that lasted this long was a good one: the next is tried at once. */
const goodLinkMs = 10_000;

/** Keeps a link up, and carries calls over its changes. */
export class SteadyConnection {
  readonly #options: SteadyConnectionOptions;
  readonly #waiting = new Set<Waiter>();
  readonly #ending = new AbortController();
  #link: Link | undefined;
  /** Why there will be no further link. */
  #end: TelegramError | undefined;

  constructor(options: SteadyConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#run();
  }

  /** Resolves when the link is up. */
  async ready(signal: AbortSignal): Promise<void> {
    await untilAborted(this.#nextLink('connect'), signal);
  }

  /**
   * Sends a request, again on the next link where one breaks before the answer. That is safe for everything this package
   * sends: messages carry a `randomId`, and the rest can be repeated.
   */
  async call<R extends Api.AnyRequest>(request: R): Promise<R['__response']> {
    const method = request.className;
    const deadline = performance.now() + this.#options.callTimeoutMs;
    for (let sent = false; ; sent = true) {
      const late = () => (sent ? new CallTimedOut(method) : new NotConnected(method));
      const link = this.#link ?? (await within(this.#nextLink(method), deadline - performance.now(), late));
      this.#options.fence?.();
      const slow = setTimeout(() => void link.probe(), this.#options.probeAfterMs);
      try {
        return await within(link.send(request), deadline - performance.now(), () => new CallTimedOut(method));
      } catch (error) {
        // MsgWaitError: the message that this one was queued behind has failed, and this one was not looked at.
        if (error instanceof LinkBroken || error instanceof MsgWaitError) continue;
        const mapped = toTelegramError(error, method);
        if (mapped instanceof AuthLost) this.lose(mapped);
        throw mapped;
      } finally {
        clearTimeout(slow);
      }
    }
  }

  /** Ends the connection because its session is not accepted. */
  lose(error: AuthLost): void {
    if (this.#end) return;
    this.#finish(error);
    this.#options.onLost(error);
  }

  close(): void {
    if (!this.#end) this.#finish(new NotConnected('close'));
  }

  #finish(error: TelegramError): void {
    this.#end = error;
    this.#ending.abort(error);
    this.#link?.break(new LinkBroken('closed', { cause: error }));
    this.#link = undefined;
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  #nextLink(method: string): Promise<Link> {
    const end = this.#end;
    if (end instanceof AuthLost) return Promise.reject(new AuthLost(end.code, method, { cause: end }));
    if (end) return Promise.reject(new NotConnected(method, { cause: end }));
    if (this.#link) return Promise.resolve(this.#link);
    return new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }));
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    let unknownKeys = 0;
    for (let attempt = 0; !this.#end; attempt++) {
      const since = performance.now();
      let waitMs = 0;
      try {
        const link = await this.#raise();
        unknownKeys = 0;
        const reason = await link.broken;
        if (reason instanceof KeyUnknown) unknownKeys++;
        this.#link = undefined;
        if (this.#end) return;
        this.#options.onDown?.();
        log.warn({ err: reason }, 'The link to Telegram broke');
        if (performance.now() - since > goodLinkMs) attempt = 0;
      } catch (error) {
        if (this.#end) return;
        if (error instanceof KeyUnknown) unknownKeys++;
        const mapped = toTelegramError(error, 'connect');
        if (mapped instanceof AuthLost) return this.lose(mapped);
        if (mapped instanceof FloodWait) waitMs = mapped.seconds * 1000;
        log.warn({ err: error, attempt }, 'Telegram cannot be reached');
      }
      // One -404 may be the server's passing trouble; a second one on a fresh connection means it.
      if (unknownKeys > 1) return this.lose(new AuthLost('AUTH_KEY_UNKNOWN', 'connect'));
      await sleep(
        Math.max(waitMs, backoffMs(attempt, { firstMs: 250, maxMs: 30_000 })),
        this.#ending.signal,
      ).catch(
        () => undefined, // ended: the loop's condition sees it
      );
    }
  }

  /** Opens and greets a link, and gives it to the calls that wait. */
  async #raise(): Promise<Link> {
    const link = await this.#options.open();
    const stop = () => link.break(new LinkBroken('closed'));
    this.#ending.signal.addEventListener('abort', stop, { once: true });
    void link.broken.then(() => this.#ending.signal.removeEventListener('abort', stop));
    if (this.#ending.signal.aborted) stop();
    try {
      await within(this.#options.greet(link), this.#options.callTimeoutMs, () => new CallTimedOut('connect'));
      if (link.reason) throw link.reason;
    } catch (error) {
      stop();
      throw error;
    }
    this.#link = link;
    this.#options.onUp?.();
    for (const { resolve } of this.#waiting) resolve(link);
    this.#waiting.clear();
    return link;
  }
}

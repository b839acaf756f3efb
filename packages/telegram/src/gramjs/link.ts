import { within } from '@heavy/timing';
import bigInt from 'big-integer';
import { Api } from 'telegram';
import type { AuthKey } from 'telegram/crypto/AuthKey.js';
import type { Logger } from '../logger.ts';
import { LogBridge } from './log.ts';
import { Sender } from './sender.ts';
import { socketTo, TcpSocket } from './socket.ts';
import { TcpConnection } from './tcp-connection.ts';

/** The link is gone, and with it the answers to the calls that were on it. */
export class LinkBroken extends Error {
  override readonly name: string = 'LinkBroken';
}

/** The server does not know our key (transport error -404). */
export class KeyUnknown extends LinkBroken {
  override readonly name = 'KeyUnknown';
}

export interface LinkOptions {
  host: string;
  port: number;
  dcId: number;
  authKey: AuthKey;
  connectTimeoutMs: number;
  /** How long a ping may go unanswered while nothing else moves. */
  pongTimeoutMs: number;
  /** After so long without a ping the server ends the connection by itself. */
  silenceMs: number;
  onUpdate: (update: Api.TypeUpdates) => void;
  log: Logger;
}

/** One TCP connection with one MTProto session on it, from its opening to its first fault. */
export class Link {
  /** Resolves with the reason when the link is gone; never rejects. */
  readonly broken: Promise<LinkBroken>;
  readonly #options: LinkOptions;
  readonly #sender: Sender;
  readonly #connection: TcpConnection;
  readonly #inFlight = new Set<(reason: LinkBroken) => void>();
  readonly #resolveBroken: (reason: LinkBroken) => void;
  #reason: LinkBroken | undefined;
  #probing = false;
  #keepAlive: NodeJS.Timeout | undefined;

  private constructor(options: LinkOptions) {
    const { promise, resolve } = Promise.withResolvers<LinkBroken>();
    this.broken = promise;
    this.#resolveBroken = resolve;
    this.#options = options;
    const log = new LogBridge(options.log);
    this.#connection = new TcpConnection({
      ip: options.host,
      port: options.port,
      dcId: options.dcId,
      loggers: log,
      socket: socketTo(options),
      testServers: false,
    });
    const { authKey, dcId, onUpdate } = options;
    this.#sender = new Sender({
      authKey,
      dcId,
      onUpdate,
      onClosed: () => this.break(new LinkBroken('the connection was closed')),
      onKeyUnknown: () => this.break(new KeyUnknown('the server does not know the key')),
      log,
    });
  }

  /** Connects. The link has no layer yet: the first call has to bring it, or the key must have it from another link. */
  static async open(options: LinkOptions): Promise<Link> {
    const link = new Link(options);
    await link.#connection.connect();
    await link.#sender.connect(link.#connection, false);
    const { pongTimeoutMs, silenceMs } = options;
    link.#keepAlive = setInterval(() => void link.probe(), Math.min(pongTimeoutMs * 1.5, silenceMs / 3));
    // The server learns when to end the connection from the first ping on.
    void link.probe();
    return link;
  }

  /** Rejects with the library's error for a refused call, with LinkBroken where the answer cannot come any more. */
  send<R extends Api.AnyRequest>(request: R): Promise<R['__response']> {
    return new Promise((resolve, reject) => {
      if (this.#reason) return reject(this.#reason);
      this.#inFlight.add(reject);
      Promise.resolve(this.#sender.send(request)).then(
        (result) => {
          this.#inFlight.delete(reject);
          resolve(result as R['__response']);
        },
        (error) => {
          this.#inFlight.delete(reject);
          reject(error);
        },
      );
    });
  }

  /** Asks for a sign of life, and breaks the link where none comes. Bytes that move are one: slow is not dead. */
  async probe(): Promise<void> {
    if (this.#probing || this.#reason) return;
    this.#probing = true;
    const random = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
    const disconnectDelay = Math.ceil(this.#options.silenceMs / 1000);
    const ping = new Api.PingDelayDisconnect({ pingId: bigInt(random), disconnectDelay });
    // A rejection means that the link is gone already, which everybody has been told.
    const pong = this.send(ping).catch(() => undefined);
    const { pongTimeoutMs } = this.#options;
    for (let heard = false; !heard; ) {
      const moved = this.#bytesMoved;
      heard = await within(
        pong.then(() => true),
        pongTimeoutMs,
        () => new LinkBroken(`no pong in ${pongTimeoutMs} ms`),
      ).catch((silence: LinkBroken) => {
        // The ping itself is some of the bytes that moved.
        if (this.#bytesMoved - moved < 1024) this.break(silence);
        return false;
      });
    }
    this.#probing = false;
  }

  /** Ends the link, once: later reasons are ignored. */
  break(reason: LinkBroken): void {
    if (this.#reason) return;
    this.#reason = reason;
    clearInterval(this.#keepAlive);
    void this.#sender.disconnect();
    for (const reject of this.#inFlight) reject(reason);
    this.#inFlight.clear();
    this.#resolveBroken(reason);
  }

  /** Why the link is gone; undefined while it is not. */
  get reason(): LinkBroken | undefined {
    return this.#reason;
  }

  get #bytesMoved(): number {
    const { socket } = this.#connection;
    return socket instanceof TcpSocket ? socket.bytesMoved : 0;
  }
}

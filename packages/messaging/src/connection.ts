import { type ChannelModel, connect } from 'amqplib';
import { keepUp } from './backoff.ts';
import { BrokerClosed } from './errors.ts';
import type { MessagingLogger } from './observers.ts';

const connectTimeoutMs = 10_000;
const heartbeatS = 10;

/** One AMQP connection that comes back by itself. */
export interface Connection {
  readonly connected: boolean;
  /** The open connection, or the next one. Rejects with `BrokerClosed` once the signal has aborted. */
  opened(): Promise<ChannelModel>;
  /** Calls back when the broker asks to send nothing (it is short of memory or disk), and when it takes messages again. */
  onBlocked(listener: (blocked: boolean) => void): void;
  /** Resolves when it has closed for good, after the signal has aborted. */
  readonly ended: Promise<void>;
}

export interface ConnectionOptions {
  url: string;
  /** Shown by the broker's management interface. */
  name: string;
  log: MessagingLogger;
  /** Closes the connection and ends the attempts. */
  signal: AbortSignal;
  onState: () => void;
}

const withHeartbeat = (url: string): string => {
  const address = new URL(url);
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(heartbeatS));
  return address.href;
};

const deferred = () => {
  const next = Promise.withResolvers<ChannelModel>();
  // Nobody may be waiting when the broker is closed.
  next.promise.catch(() => undefined);
  return next;
};

/** Connects, and connects again whenever the connection is lost, with backoff and jitter. */
export const keepConnected = ({ url, name, log, signal, onState }: ConnectionOptions): Connection => {
  const address = withHeartbeat(url);
  let model: ChannelModel | undefined;
  let next = deferred();
  const blockedListeners: ((blocked: boolean) => void)[] = [];
  let blocked = false;
  const setBlocked = (value: boolean, reason?: string): void => {
    if (blocked === value) return;
    blocked = value;
    log.warn({ connection: name, blocked, reason }, 'broker has blocked or unblocked the connection');
    for (const listener of blockedListeners) listener(blocked);
  };

  const session = async (): Promise<void> => {
    const fresh = await connect(address, {
      timeout: connectTimeoutMs,
      keepAlive: true,
      // Else each small message waits for the acknowledgement of the one before.
      noDelay: true,
      clientProperties: { connection_name: name },
    });
    const closed = new Promise<void>((resolve) => fresh.once('close', () => resolve()));
    fresh.on('error', (err) => log.warn({ err, connection: name }, 'connection to the broker failed'));
    fresh.on('blocked', (reason) => setBlocked(true, reason));
    fresh.on('unblocked', () => setBlocked(false));
    const close = () => {
      // It may be closing already; either way the close event follows.
      fresh.close().catch(() => undefined);
    };
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    log.info({ connection: name }, 'connected to the broker');
    model = fresh;
    next.resolve(fresh);
    onState();
    await closed;
    signal.removeEventListener('abort', close);
    model = undefined;
    setBlocked(false);
    if (!signal.aborted) {
      next = deferred();
      log.warn({ connection: name }, 'connection to the broker lost');
    }
    onState();
  };

  const ended = keepUp(session, { name: `connection ${name}`, log, signal });
  // Those who are waiting for a connection; without effect where it is there.
  signal.addEventListener('abort', () => next.reject(new BrokerClosed()));

  return {
    get connected() {
      return model !== undefined && !signal.aborted;
    },
    opened: () => (signal.aborted ? Promise.reject(new BrokerClosed()) : next.promise),
    onBlocked: (listener) => void blockedListeners.push(listener),
    ended,
  };
};

import { botStreamGroup } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import type { Redis } from 'ioredis';

/** An entry as Redis gives it: its id and its fields. */
export type Entry = [id: string, fields: Record<string, string>];

/** A stream that is read for somebody. */
export interface Source {
  /** The stream's whole name. */
  stream: string;
  /** Whether there is room for more. */
  wants(): boolean;
  offer(entries: Entry[]): void;
  /** Entries may have been handed out that did not arrive: what is pending is to be claimed once more. */
  reclaim(): void;
}

export interface StreamReader {
  /** Reads for it from now on; its group exists. */
  add(source: Source): void;
  /** Does not read for it any more: resolves once no reading is under way that could take something. */
  remove(source: Source): Promise<void>;
  /** Something has changed: a source has room again. */
  wake(): void;
  close(): Promise<void>;
}

/** At a time, from each stream. */
const pageSize = 32;
const blockMs = 500;

/** Redis' flat list of names and values. */
export const fieldsOf = (flat: readonly string[]): Record<string, string> => {
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) fields[flat[at] ?? ''] = flat[at + 1] ?? '';
  return fields;
};

/** The consumer group of a stream, from its beginning; the stream comes into being with it. */
export const ensureGroup = async (redis: Redis, stream: string): Promise<void> => {
  try {
    await redis.xgroup('CREATE', stream, botStreamGroup, '0', 'MKSTREAM');
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
  }
};

type Reply = [stream: string, entries: [id: string, fields: string[] | null][]][] | null;

/**
 * Takes from the group what nobody has had yet, for all streams of this replica over one connection of its own, which waits in Redis.
 */
export const createStreamReader = (redis: Redis, consumer: string, log: Logger): StreamReader => {
  const blocking = redis.duplicate();
  const sources = new Set<Source>();
  let closed = false;
  let isBlocked = false;
  let woken: (() => void) | undefined;
  let reading: Promise<unknown> = Promise.resolve();
  let clientId: number | undefined;

  blocking.on('ready', () => {
    clientId = undefined;
    blocking.client('ID').then(
      (id) => {
        clientId = id;
      },
      () => undefined, // Nobody is woken then; the wait in Redis ends by itself.
    );
    for (const source of sources) source.reclaim();
  });
  blocking.on('error', () => undefined); // The main connection tells of the outage.

  const wake = (): void => {
    woken?.();
    if (!isBlocked || clientId === undefined) return;
    redis.client('UNBLOCK', clientId).catch(() => undefined); // Its wait ends by itself.
  };
  const read = async (wanting: Source[]): Promise<void> => {
    const names = wanting.map(({ stream }) => stream);
    isBlocked = true;
    const reply = (await blocking
      .xreadgroup(
        ...(['GROUP', botStreamGroup, consumer, 'COUNT', pageSize, 'BLOCK', blockMs, 'STREAMS'] as const),
        ...[...names, ...names.map(() => '>')],
      )
      .finally(() => {
        isBlocked = false;
      })) as Reply;
    for (const [stream, entries] of reply ?? []) {
      const source = wanting.find((one) => one.stream === stream);
      if (source && sources.has(source))
        source.offer(entries.map(([id, fields]) => [id, fieldsOf(fields ?? [])]));
      // It left meanwhile: what it was handed is pending, and for whoever came after it.
      else for (const one of sources) if (one.stream === stream) one.reclaim();
    }
  };
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      woken = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async (): Promise<void> => {
    while (!closed) {
      const wanting = [...sources].filter((source) => source.wants());
      try {
        if (wanting.length === 0) await rest(blockMs);
        else {
          reading = read(wanting);
          await reading;
        }
      } catch (err) {
        if (closed) return;
        // A stream that was deleted has no group any more.
        if (!(err instanceof Error && /NOGROUP|UNBLOCKED/.test(err.message)))
          log.warn({ err }, 'the bots’ streams were not read');
        await Promise.all(wanting.map(({ stream }) => ensureGroup(redis, stream))).catch(() => rest(blockMs));
      }
    }
  };
  const ended = run();

  return {
    add: (source) => {
      sources.add(source);
      wake();
    },
    remove: async (source) => {
      if (!sources.delete(source)) return;
      wake();
      await reading.catch(() => undefined); // Whoever reads tells of it.
    },
    wake,
    close: async () => {
      closed = true;
      wake();
      blocking.disconnect();
      await ended;
    },
  };
};

import { randomUUID } from 'node:crypto';
import { type MediaRequest, redisKeys } from '@heavy/contracts';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, vi } from 'vitest';
import { type Asker, contentHash, createLedger, type Lease, type LedgerOutcome } from '../src/index.ts';

/** Of a lease whose end no test waits for: its holder may be halted for long, and nobody else has it. */
const leaseMs = 60_000;
/** Of a lease whose end a test waits for. */
export const shortLeaseMs = 300;
/** Of a lease that a test sees in force first: the machine may be slow for most of it. */
export const patientLeaseMs = 3000;

const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent };

export const requestOf = (name: string, host = 'a.example'): MediaRequest => ({
  url: `https://${host}/${name}`,
  kind: 'video',
});

export const hashOf = (name: string, host?: string) => contentHash(requestOf(name, host));

/** Whoever wrote message `id`. */
export const askerOf = (id: number, url = 'https://a.example/asked'): Asker => ({
  origin: { account: 1, chatId: -5, messageId: id, userId: 1_000 + id },
  commandId: randomUUID(),
  correlationId: `correlation-${id}`,
  traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
  url,
});

export const notFound: LedgerOutcome = { failure: { code: 'not_found', context: {} } };
export const stored: LedgerOutcome = {
  object: { key: `video/${'a'.repeat(64)}.mp4`, sizeBytes: 5, type: 'video/mp4' },
  media: { title: 'A film', durationS: 1 },
};

interface ReplicaOptions {
  url?: string;
  holder?: string;
  perHost?: number;
  lease?: number;
}

/** A replica: its own client and ledger, both gone when the test is over. */
export const createReplica = (options: ReplicaOptions = {}) => {
  const { url = inject('redis').url, holder = 'replica', perHost = 10, lease: length = leaseMs } = options;
  const redis = new Redis(url, { db: 12, maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on('error', silent);
  const ledger = createLedger({ redis, holder, leaseMs: length, perHost, log });
  onTestFinished(async () => {
    await ledger.close();
    redis.disconnect();
  });
  let messages = 0;
  const join = (name: string, { lead = false, host = 'a.example', id = ++messages } = {}) => {
    const request = requestOf(name, host);
    return ledger.join({ hash: contentHash(request), request, asker: askerOf(id, request.url), lead });
  };
  /** Joins, and expects to lead. */
  const lead = async (name: string, options: { host?: string; id?: number } = {}): Promise<Lease> => {
    const { lease } = await join(name, { ...options, lead: true });
    if (!lease) throw new Error(`${name} is not led`);
    return lease;
  };
  return { ...ledger, ledger, redis, join, lead };
};

/** An empty ledger, and a replica on it. */
export const createWorld = async (options: ReplicaOptions = {}) => {
  const replica = createReplica(options);
  await replica.redis.flushdb();
  return replica;
};

/** Keeps what was delivered, as message ids in order. */
export const deliveries = () => {
  const to: number[] = [];
  return {
    to,
    deliver: async ({ origin }: Asker) => {
      to.push(origin.messageId);
    },
  };
};

/** Of the ledger's keys, those that belong to jobs and askers: what must be gone when everybody has been told. */
export const keysLeft = async (redis: Redis): Promise<string[]> => {
  const keys = await redis.keys('media:*');
  return keys.filter((key) => !/^media:(?:counter|identity:|same:)/.test(key)).sort();
};

/** A replica listens from its first lease on, over a connection of its own: until one does. */
export const listening = (redis: Redis): Promise<void> =>
  vi.waitFor(async () => {
    const [, count] = (await redis.pubsub('NUMSUB', redisKeys.ledgerChanged)) as [string, number];
    expect(count).toBeGreaterThan(0);
  });

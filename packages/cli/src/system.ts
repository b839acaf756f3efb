import {
  type AskedRecord,
  createAskedRecord,
  type MediaStore,
  type ObjectInfo,
  storeFromSettings,
} from '@heavy/media';
import { redactText } from '@heavy/service';
import { Redis } from 'ioredis';
import { Failed } from './command.ts';
import { redisUrl, type SystemSettings, systemSettings } from './config.ts';

/** What the media commands work on; errors of its servers are {Failed} with their names. */
export interface System {
  readonly store: Pick<MediaStore, 'list' | 'delete'>;
  readonly asked: AskedRecord;
}

const reasonOf = (error: unknown): string => {
  // Node tries all addresses of a name, and gathers what each of them answered.
  const one = error instanceof AggregateError ? error.errors[0] : error;
  const reason = one instanceof Error ? one.message || one.name : String(one);
  return redactText(reason.split('\n')[0] ?? '');
};

const unreachable = (what: string, cause: unknown): Failed =>
  new Failed(`${what} cannot be reached: ${reasonOf(cause)}`, { cause });

const named = (store: MediaStore, { MEDIA_STORE, S3_ENDPOINT }: SystemSettings): System['store'] => {
  const server =
    S3_ENDPOINT !== undefined && MEDIA_STORE.startsWith('s3:') ? ` at ${new URL(S3_ENDPOINT).host}` : '';
  const name = redactText(`The media store ${MEDIA_STORE}${server}`);
  return {
    async *list(prefix): AsyncGenerator<ObjectInfo> {
      const iterator = store.list(prefix)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await iterator.next().catch((error: unknown) => {
            throw unreachable(name, error);
          });
          if (done) return;
          yield value;
        }
      } finally {
        await iterator.return?.();
      }
    },
    delete: (key) =>
      store.delete(key).catch((error: unknown) => {
        throw unreachable(name, error);
      }),
  };
};

const connect = async (url: string): Promise<Redis> => {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectionName: 'heavy',
  });
  let last: unknown;
  redis.on('error', (error) => {
    last = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    const { host } = new URL(url);
    throw unreachable(`Redis at ${host}`, last ?? error);
  }
  return redis;
};

const storeOf = (settings: SystemSettings): System['store'] => {
  try {
    return named(storeFromSettings(settings), settings);
  } catch (cause) {
    if (cause instanceof TypeError) throw new Failed(`${redactText(cause.message)}.`, { cause });
    throw cause;
  }
};

const hasRedis = (folder: string | undefined): boolean => {
  try {
    redisUrl(folder);
    return true;
  } catch (error) {
    if (error instanceof Failed) return false;
    throw error;
  }
};

/**
 * The folder by which `withRedis` finds a Redis: that one, or none where nothing runs in it, and the environment names one. Undefined
 * where there is no Redis at all.
 */
export const redisAtHand = (folder: string | undefined): { folder: string | undefined } | undefined =>
  [folder, undefined].map((one) => ({ folder: one })).find((one) => hasRedis(one.folder));

/** Connects to the Redis of the system that the environment names or that runs in `folder`, for as long as `work` takes. */
export const withRedis = async <T>(
  folder: string | undefined,
  work: (redis: Redis) => Promise<T>,
): Promise<T> => {
  const redis = await connect(redisUrl(folder));
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
};

/** Connects to the system that the environment names or that runs in `folder`, for as long as `work` takes. */
export const withSystem = async <T>(
  folder: string | undefined,
  work: (system: System) => Promise<T>,
): Promise<T> => {
  const settings = systemSettings(folder);
  const store = storeOf(settings);
  const redis = await connect(settings.REDIS_URL);
  try {
    return await work({ store, asked: createAskedRecord(redis) });
  } finally {
    redis.disconnect();
  }
};

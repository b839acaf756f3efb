import { randomUUID } from 'node:crypto';
import { redisKeys } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import { randomIdFrom, type UploadRecord } from '@heavy/telegram';
import type { Redis } from 'ioredis';

/** Telegram keeps the parts of a file that no document was made of for a while; it does not say how long. */
const keptS = 3600;
const savedEachMs = 2000;

/** What goes up: under the same key the store may hold something of another size by now. */
interface Source {
  account: number;
  object: { key: string };
  sizeBytes: number;
}

/** The record of one upload, saved every two seconds while parts are accepted. */
export interface BegunUpload extends UploadRecord {
  /** Saves what is left to be saved: another may go on. */
  leave(): Promise<void>;
  /** The upload is over, or Telegram does not want it: the next one begins anew. */
  forget(): Promise<void>;
}

/**
 * How far uploads have come (a Redis hash each: `id`, `size`, and part → CRC-32 of its bytes), so that the sender that comes
 * after one that died goes on where that one was.
 */
export const createBegunUploads = (redis: Redis, log: Logger) => ({
  open: async ({ account, object, sizeBytes }: Source): Promise<BegunUpload> => {
    const key = redisKeys.upload(account, object.key);
    const { id, size, ...known } = await redis.hgetall(key);
    let isKept = id !== undefined && Number(size) === sizeBytes;
    const fileId = isKept && id ? id : randomIdFrom(randomUUID()).toString();
    const parts = new Map(
      Object.entries(isKept ? known : {}).map(([part, crc32]) => [Number(part), Number(crc32)]),
    );
    if (!isKept && id !== undefined) await redis.del(key);

    let unsaved: [part: number, crc32: number][] = [];
    let timer: NodeJS.Timeout | undefined;
    const save = async (): Promise<void> => {
      clearTimeout(timer);
      timer = undefined;
      if (unsaved.length === 0) return;
      const fields = { ...(isKept ? {} : { id: fileId, size: sizeBytes }), ...Object.fromEntries(unsaved) };
      unsaved = [];
      isKept = true;
      // Given together, commands go out together and in this order.
      await Promise.all([redis.hset(key, fields), redis.expire(key, keptS)]);
    };
    const forget = async (): Promise<void> => {
      clearTimeout(timer);
      unsaved = [];
      if (isKept) await redis.del(key);
      isKept = false;
    };
    /** The upload itself does not depend on its record. */
    const tried = (task: () => Promise<void>) => async (): Promise<void> =>
      task().catch((err: unknown) => log.warn({ err, key }, 'the record of an upload could not be kept'));
    return {
      fileId,
      isAccepted: (part, crc32) => parts.get(part) === crc32,
      accepted: (part, crc32) => {
        parts.set(part, crc32);
        unsaved.push([part, crc32]);
        // What is not saved is sent again by whoever goes on.
        timer ??= setTimeout(tried(save), savedEachMs);
      },
      leave: tried(save),
      forget: tried(forget),
    };
  },
});

export type BegunUploads = ReturnType<typeof createBegunUploads>;

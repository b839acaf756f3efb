import { type MediaKind, redisKeys, type StoredObject } from '@heavy/contracts';
import type { DocumentReference } from '@heavy/telegram';
import type { Redis } from 'ioredis';

const keptS = 30 * 24 * 3600;

/** An object of the store as Telegram holds it. */
export interface KnownDocument {
  document: DocumentReference;
  /** A message that it was posted in, once it was: where a fresh reference can be had. */
  posted?: { chatId: number; messageId: number };
}

/** What a document was made of: under the same key the store may hold something else by now. */
interface SourceObject {
  account: number;
  kind: MediaKind;
  object: StoredObject;
}

type Kept = KnownDocument & { kind: MediaKind; sizeBytes: number };

/** Which objects Telegram holds already (one JSON string per account and object key, kept for 30 days after its last use). */
export const createDocuments = (redis: Redis) => {
  const keyOf = ({ account, object }: SourceObject) => redisKeys.document(account, object.key);
  return {
    find: async (source: SourceObject): Promise<KnownDocument | null> => {
      const value = await redis.get(keyOf(source));
      if (value === null) return null;
      const { kind, sizeBytes, ...known } = JSON.parse(value) as Kept;
      return kind === source.kind && sizeBytes === source.object.sizeBytes ? known : null;
    },
    keep: async (source: SourceObject, known: KnownDocument): Promise<void> => {
      const kept: Kept = { ...known, kind: source.kind, sizeBytes: source.object.sizeBytes };
      await redis.set(keyOf(source), JSON.stringify(kept), 'EX', keptS);
    },
    forget: async (source: SourceObject): Promise<void> => void (await redis.del(keyOf(source))),
  };
};

export type Documents = ReturnType<typeof createDocuments>;

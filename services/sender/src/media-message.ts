import type { Media, MediaKind, Origin, StoredObject } from '@heavy/contracts';
import type { MediaStore } from '@heavy/media';
import type { Logger } from '@heavy/service';
import { randomIdFrom, type SentMessage, type TelegramAccount, type UploadedFile } from '@heavy/telegram';
import { caption } from './caption.ts';
import { withPatience } from './patience.ts';
import { replyTarget, withoutLostTarget } from './reply-target.ts';

interface Deps {
  account: TelegramAccount;
  store: MediaStore;
  log: Logger;
}

/** A name that every file system takes, from the title. */
const fileName = (title: string, key: string): string => {
  const extension = key.slice(key.lastIndexOf('.'));
  const stem = title
    .replace(/[\p{Cc}\p{Cf}\\/:*?"<>|]+/gu, ' ')
    .trim()
    .slice(0, 80);
  return `${stem || 'media'}${extension}`;
};

const readRange = async (store: MediaStore, key: string, start: number, end: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.read(key, { start, end: end - 1 })) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/**
 * Sends an object of the store as a reply: uploads it from the store part by part, then posts it with its attributes,
 * thumbnail and caption. Repeating it posts nothing twice (`random_id` is the command's).
 */
export const sendStoredMedia = async (
  { account, store, log }: Deps,
  message: { origin: Origin; kind: MediaKind; object: StoredObject; media: Media; randomKey: string },
  { signal, onProgress }: { signal: AbortSignal; onProgress: (sentBytes: number) => void },
): Promise<SentMessage> => {
  const { origin, kind, object, media, randomKey } = message;
  const upload = (
    { key, sizeBytes }: StoredObject,
    progress?: (sentBytes: number) => void,
  ): Promise<UploadedFile> =>
    withPatience(
      () =>
        account.upload({
          name: fileName(media.title, key),
          sizeBytes,
          read: ({ start, end }) => readRange(store, key, start, end),
          signal,
          ...(progress ? { onProgress: progress } : {}),
        }),
      signal,
      log,
    );
  const [file, thumbnail] = await Promise.all([
    upload(object, onProgress),
    media.thumbnail ? upload(media.thumbnail) : undefined,
  ]);
  const { text, entities } = caption(media);
  const { title, performer, durationS, width, height } = media;
  return withoutLostTarget(replyTarget(origin), (target) =>
    withPatience(
      () =>
        account.sendMedia({
          chatId: origin.chatId,
          file,
          kind,
          mime: object.type,
          fileName: fileName(title, object.key),
          durationS,
          title,
          ...(performer === undefined ? {} : { performer }),
          ...(width === undefined || height === undefined ? {} : { width, height }),
          ...(thumbnail ? { thumbnail } : {}),
          caption: text,
          entities,
          ...target,
          randomId: randomIdFrom(randomKey),
        }),
      signal,
      log,
    ),
  );
};

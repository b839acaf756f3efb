import type { Media, MediaKind, StoredObject } from '@heavy/contracts';
import type { MediaStore } from '@heavy/media';
import type { Logger } from '@heavy/service';
import {
  type DocumentReference,
  FilePartMissing,
  type FileToUpload,
  type MediaAttributes,
  type NewDocument,
  PeerUnknown,
  Refused,
  type TelegramAccount,
  type UploadedFile,
} from '@heavy/telegram';
import type { LimitFunction } from 'p-limit';
import type { BegunUploads } from './begun-uploads.ts';
import type { Documents, KnownDocument } from './documents.ts';
import { fileName, mediaAttributes } from './media-attributes.ts';
import { onceForAll } from './once-for-all.ts';
import { type Patiently, withPatience } from './patience.ts';

type Bytes = Pick<FileToUpload, 'sizeBytes' | 'read'>;

/** What goes up in place of an object as it is: a part of it. The object's key then tells the part from others. */
export interface Piece {
  attributes: MediaAttributes;
  /** Has the bytes ready until `use` settles. */
  withBytes: <T>(use: (bytes: Bytes) => Promise<T>, signal: AbortSignal) => Promise<T>;
}

interface Wanted {
  account: number;
  kind: MediaKind;
  object: StoredObject;
  media: Media;
  piece?: Piece;
}

export interface Obtaining {
  /** The file reference that Telegram did not take: any other is wanted. */
  refused?: string | undefined;
  signal: AbortSignal;
  /** Bytes that Telegram has, while there is an upload. */
  onProgress: (sentBytes: number) => void;
}

/** Bytes of an object from `start` up to and without `end`. */
export const readRange = async (
  store: MediaStore,
  key: string,
  start: number,
  end: number,
): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.read(key, { start, end: end - 1 })) chunks.push(chunk);
  const [only] = chunks;
  return only && chunks.length === 1 ? only : Buffer.concat(chunks);
};

/** Parts of one upload that Telegram may lose before it is given up: the next attempt begins anew. */
const mostPartsLost = 10;

export interface DocumentSourceDeps {
  account: TelegramAccount;
  store: MediaStore;
  documents: Documents;
  begunUploads: BegunUploads;
  ask: Patiently;
  /** Uploads at the same time. */
  uploads: LimitFunction;
  log: Logger;
}

/**
 * Objects of the store as documents of Telegram. One that Telegram holds is taken without the store; where its reference was
 * refused, with another one, from the message that it was posted in. Else the object is uploaded part by part: once for
 * all who want it at the time.
 */
export const createDocumentSource = ({
  account,
  store,
  documents,
  begunUploads,
  ask,
  uploads,
  log,
}: DocumentSourceDeps) => {
  const onceForEach = onceForAll<DocumentReference>();

  /** Media that look plain are better than none. */
  const withoutThumbnail = (err: unknown): undefined =>
    void log.warn({ err }, 'a thumbnail could not be uploaded');

  const stored = ({ key, sizeBytes }: StoredObject): Bytes => ({
    sizeBytes,
    read: ({ start, end }) => readRange(store, key, start, end),
  });

  /** The document of an upload; parts of it that Telegram has lost are sent again. */
  const create = async (
    document: NewDocument,
    source: FileToUpload,
    signal: AbortSignal,
  ): Promise<DocumentReference> => {
    for (let lost = 0; ; lost += 1) {
      try {
        return await ask(() => account.createDocument(document), signal);
      } catch (error) {
        if (!(error instanceof FilePartMissing) || lost === mostPartsLost) throw error;
        log.warn({ err: error, part: error.part }, 'Telegram has lost a part of an upload; it is sent again');
        await withPatience(() => account.uploadPart(document.file, error.part, source), signal, log);
      }
    }
  };

  const upload = async (
    wanted: Wanted,
    bytes: Bytes,
    { signal, onProgress }: Pick<Obtaining, 'signal' | 'onProgress'>,
  ): Promise<DocumentReference> => {
    const { media, piece } = wanted;
    const attributes = piece?.attributes ?? mediaAttributes(wanted);
    const record = await begunUploads.open({ ...wanted, sizeBytes: bytes.sizeBytes });
    const source: FileToUpload = { ...bytes, name: attributes.fileName, signal, onProgress, record };
    const uploadFile = (file: FileToUpload): Promise<UploadedFile> =>
      withPatience(() => account.upload(file), signal, log);
    try {
      const [file, thumbnail] = await Promise.all([
        uploadFile(source),
        media.thumbnail &&
          uploadFile({
            ...stored(media.thumbnail),
            name: fileName(media.title, media.thumbnail.key),
            signal,
          }).catch(withoutThumbnail),
      ]);
      const made = await create({ ...attributes, file, ...(thumbnail ? { thumbnail } : {}) }, source, signal);
      await record.forget();
      return made;
    } catch (error) {
      // What Telegram does not take, it would not take the next time: that begins anew.
      await (error instanceof Refused || error instanceof FilePartMissing ? record.forget() : record.leave());
      throw error;
    }
  };

  /** The same document with another reference, from the message that it was posted in. */
  const renew = async (
    { document, posted }: KnownDocument,
    signal: AbortSignal,
  ): Promise<DocumentReference | null> => {
    if (!posted) return null;
    try {
      const { chatId, messageId } = posted;
      const found = await ask(() => account.documentOf(chatId, messageId), signal);
      // Whatever else is in that place now is not what was asked for.
      return found?.id === document.id && found.fileReference !== document.fileReference ? found : null;
    } catch (error) {
      if (!(error instanceof Refused || error instanceof PeerUnknown)) throw error;
      log.info({ err: error }, 'the message that a document was posted in cannot be read');
      return null;
    }
  };

  /** `uploaded`: for this asker, which others may have waited for. */
  return async (
    wanted: Wanted,
    { refused, signal, onProgress }: Obtaining,
  ): Promise<{ document: DocumentReference; uploaded: boolean }> => {
    const { kind, object } = wanted;
    const isRefused = ({ document }: KnownDocument): boolean => document.fileReference === refused;
    const found = await documents.find(wanted);
    if (found && !isRefused(found)) return { document: found.document, uploaded: false };

    let uploaded = false;
    const document = await onceForEach(
      `${kind} ${object.key} ${object.sizeBytes}`,
      async (tell) => {
        // Somebody may have brought it between the look and the turn.
        const known = await documents.find(wanted);
        if (known && !isRefused(known)) return known.document;
        const fresh = known && (await renew(known, signal));
        if (fresh) {
          await documents.keep(wanted, { ...known, document: fresh });
          return fresh;
        }
        if (known) await documents.forget(wanted);
        const send = (bytes: Bytes): Promise<DocumentReference> =>
          uploads(() => {
            log.info({ step: 'uploading', key: object.key, sizeBytes: bytes.sizeBytes }, 'uploading');
            return upload(wanted, bytes, { signal, onProgress: tell });
          });
        const made = await (wanted.piece ? wanted.piece.withBytes(send, signal) : send(stored(object)));
        await documents.keep(wanted, { document: made });
        uploaded = true;
        return made;
      },
      { signal, onProgress },
    );
    return { document, uploaded };
  };
};

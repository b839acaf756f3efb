import type { Media, MediaKind, Origin, StoredObject } from '@heavy/contracts';
import {
  type DocumentReference,
  FileReferenceExpired,
  Refused,
  randomIdFrom,
  type SentMessage,
} from '@heavy/telegram';
import { caption } from './caption.ts';
import {
  createDocumentSource,
  type DocumentSourceDeps,
  type Obtaining,
  type Piece,
} from './document-source.ts';
import { mediaAttributes } from './media-attributes.ts';
import { replyTarget, withoutLostTarget } from './reply-target.ts';
import type { FormattedText } from './text/formatted-text.ts';

/** An object of the store that answers a command. */
export interface MediaMessage {
  origin: Origin;
  kind: MediaKind;
  object: StoredObject;
  media: Media;
  /** In place of title and source. */
  caption?: FormattedText | undefined;
  /** What `random_id` is made of. */
  randomKey: string;
  /** Of a part of something larger. */
  piece?: Piece & { caption: ReturnType<typeof caption> };
}

/** What Telegram says of a document that it does not have (any more), or not for this account. */
const unknownDocument = new Set(['MEDIA_EMPTY', 'DOCUMENT_INVALID', 'FILE_ID_INVALID']);

/** Whether a document cannot be sent by this reference, while by another, or uploaded anew, it can. */
const isUnusable = (error: unknown): boolean =>
  error instanceof FileReferenceExpired || (error instanceof Refused && unknownDocument.has(error.code));

/** References tried for one message: the known one, one that another asker brought, a renewed one, that of a new upload. */
const maxReferences = 4;

/**
 * Sends objects of the store as replies, by reference to the document that Telegram holds or is given for it. Repeating a
 * message posts nothing twice (`random_id` is the command's).
 */
export const createMediaMessages = (deps: DocumentSourceDeps) => {
  const { account, documents, ask, log } = deps;
  const obtain = createDocumentSource(deps);

  const post = async (
    message: MediaMessage,
    document: DocumentReference,
    signal: AbortSignal,
  ): Promise<SentMessage> => {
    const { origin, media, piece, randomKey } = message;
    const { text, entities } = message.caption ?? piece?.caption ?? caption(media);
    return withoutLostTarget(replyTarget(origin), (target) =>
      ask(
        () =>
          account.sendMedia({
            ...(piece?.attributes ?? mediaAttributes(message)),
            chatId: origin.chatId,
            file: document,
            caption: text,
            entities,
            ...target,
            randomId: randomIdFrom(randomKey),
          }),
        signal,
        { method: 'media', chatId: origin.chatId, answers: origin.userId },
      ),
    );
  };

  return async (
    message: MediaMessage,
    { signal, onProgress }: Pick<Obtaining, 'signal' | 'onProgress'>,
  ): Promise<SentMessage> => {
    const { origin, kind, object, media, piece } = message;
    const { account: accountId, chatId } = origin;
    const wanted = { account: accountId, kind, object, media, ...(piece ? { piece } : {}) };
    let refused: string | undefined;
    for (let tried = 1; ; tried += 1) {
      const { document, uploaded } = await obtain(wanted, { refused, signal, onProgress });
      try {
        const sent = await post(message, document, signal);
        if (!uploaded) log.info({ step: 'uploading', reused: true, key: object.key }, 'sent by reference');
        const { messageId } = sent;
        // The newest message is the likeliest to be there when a fresh reference is wanted.
        if (messageId !== null)
          await documents.keep(wanted, {
            document: sent.document?.id === document.id ? sent.document : document,
            posted: { chatId, messageId },
          });
        return sent;
      } catch (error) {
        if (uploaded || tried === maxReferences || !isUnusable(error)) throw error;
        log.info({ err: error, key: object.key }, 'a document can no longer be sent by its reference');
        refused = document.fileReference;
      }
    }
  };
};

export type SendMediaMessage = ReturnType<typeof createMediaMessages>;

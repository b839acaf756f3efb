import bigInt from 'big-integer';
import { Api } from 'telegram';
import type { ChatType, DocumentReference, IncomingMessage, SentMessage } from '../account.ts';
import type { Peer } from '../peer-store.ts';
import { fromApiEntities } from './entities.ts';
import { markedId } from './ids.ts';

/** What a message and the short forms of one have in common. The library sets what is absent to undefined or to null. */
type ApiMessage = Pick<Api.Message, 'id' | 'peerId' | 'date' | 'message'> &
  Partial<
    Pick<Api.Message, 'out' | 'fromId' | 'entities' | 'media' | 'editDate' | 'editHide' | 'fwdFrom'>
  > & {
    replyTo?: Api.TypeMessageReplyHeader;
  };

interface Context {
  selfId: number;
  look: (id: number) => Peer | undefined;
  receivedAt: number;
  edited?: boolean;
}

/** A new or edited message in an update, written out. */
export interface MessageUpdate {
  message: ApiMessage;
  edited: boolean;
  /** A short form, which names nobody: who is in it may never have been mentioned before. */
  short: boolean;
}

/** The messages in an update (https://core.telegram.org/constructor/updates and its siblings). */
export const messagesIn = (update: Api.TypeUpdates, selfId: number): MessageUpdate[] => {
  if (update instanceof Api.Updates || update instanceof Api.UpdatesCombined)
    return update.updates.flatMap((one) => messageIn(one) ?? []);
  if (update instanceof Api.UpdateShort) return [messageIn(update.update) ?? []].flat();
  if (!(update instanceof Api.UpdateShortMessage || update instanceof Api.UpdateShortChatMessage)) return [];
  const { id, out = false, date, message, replyTo, entities, fwdFrom } = update;
  const self = new Api.PeerUser({ userId: bigInt(selfId) });
  const where =
    update instanceof Api.UpdateShortMessage
      ? new Api.PeerUser({ userId: update.userId })
      : new Api.PeerChat({ chatId: update.chatId });
  const author =
    update instanceof Api.UpdateShortMessage ? where : new Api.PeerUser({ userId: update.fromId });
  return [
    {
      short: true,
      edited: false,
      message: {
        id,
        out,
        date,
        message,
        peerId: where,
        fromId: out ? self : author,
        ...(replyTo && { replyTo }),
        ...(entities && { entities }),
        ...(fwdFrom && { fwdFrom }),
      },
    },
  ];
};

/** The message that a single update carries, if it is one of a person. */
export const messageIn = (update: Api.TypeUpdate): MessageUpdate | undefined => {
  const edited = update instanceof Api.UpdateEditMessage || update instanceof Api.UpdateEditChannelMessage;
  const carries =
    edited || update instanceof Api.UpdateNewMessage || update instanceof Api.UpdateNewChannelMessage;
  // Service messages (somebody joined, a title changed) say nothing.
  return carries && update.message instanceof Api.Message
    ? { message: update.message, edited, short: false }
    : undefined;
};

/** When its author changed it. A reaction, or a preview of a link, is an edit that no client shows (`edit_hide`). */
export const editDateOf = ({
  editDate,
  editHide,
}: Pick<ApiMessage, 'editDate' | 'editHide'>): number | undefined => (editHide ? undefined : editDate);

const chatTypeOf = (message: ApiMessage): ChatType => {
  if (message.peerId instanceof Api.PeerUser) return 'private';
  return message.peerId instanceof Api.PeerChat ? 'group' : 'supergroup';
};

/** Telegram says "in this topic" and "in answer to" with one header (https://core.telegram.org/api/forum). */
const threadOf = (
  replyTo: Api.TypeMessageReplyHeader | undefined,
): Pick<IncomingMessage, 'replyTo' | 'replyToChat' | 'topicId'> => {
  if (!(replyTo instanceof Api.MessageReplyHeader)) return {};
  const { replyToMsgId, replyToTopId, forumTopic, replyToPeerId } = replyTo;
  if (!replyToMsgId) return {};
  // The id is of that chat's messages (https://core.telegram.org/api/replies#replying-to-messages-from-other-chats).
  if (replyToPeerId) {
    const elsewhere = { replyTo: replyToMsgId, replyToChat: markedId(replyToPeerId) };
    return forumTopic && replyToTopId ? { ...elsewhere, topicId: replyToTopId } : elsewhere;
  }
  if (!forumTopic) return { replyTo: replyToMsgId };
  return replyToTopId ? { topicId: replyToTopId, replyTo: replyToMsgId } : { topicId: replyToMsgId };
};

const documentOf = (media: Api.TypeMessageMedia | undefined): Api.Document | undefined =>
  media instanceof Api.MessageMediaDocument && media.document instanceof Api.Document
    ? media.document
    : undefined;

const mediaOf = (media: Api.TypeMessageMedia | undefined): Pick<IncomingMessage, 'media'> => {
  if (!media || media instanceof Api.MessageMediaEmpty || media instanceof Api.MessageMediaWebPage) return {};
  if (media instanceof Api.MessageMediaPhoto) return { media: { kind: 'photo' } };
  const document = documentOf(media);
  if (!document) return { media: { kind: 'other' } };
  const has = (type: typeof Api.DocumentAttributeVideo | typeof Api.DocumentAttributeAudio) =>
    document.attributes.some((attribute) => attribute instanceof type);
  const kind = has(Api.DocumentAttributeVideo)
    ? 'video'
    : has(Api.DocumentAttributeAudio)
      ? 'audio'
      : 'document';
  return { media: { kind, mime: document.mimeType, sizeBytes: document.size.toJSNumber() } };
};

export const toIncomingMessage = (message: ApiMessage, context: Context): IncomingMessage => {
  const editDate = editDateOf(message) || undefined;
  const { selfId, look, receivedAt, edited = editDate !== undefined } = context;
  const chatId = markedId(message.peerId);
  const chat = look(chatId);
  const outgoing = message.out ?? false;
  // Without an author: a private chat's other side, or the channel itself.
  const senderId = message.fromId ? markedId(message.fromId) : outgoing && chatId > 0 ? selfId : chatId;
  const sender = look(senderId);
  return {
    chat: {
      id: chatId,
      type: chat?.type ?? chatTypeOf(message),
      ...(chat?.type !== 'private' && chat?.name !== undefined && { title: chat.name }),
    },
    id: message.id,
    date: message.date,
    edited,
    ...(editDate && { editDate }),
    text: message.message,
    entities: fromApiEntities(message.entities),
    sender: {
      id: senderId,
      ...(sender?.name !== undefined && { name: sender.name }),
      ...(sender?.username !== undefined && { username: sender.username }),
    },
    outgoing,
    ...threadOf(message.replyTo),
    ...(message.fwdFrom && { forwarded: true }),
    receivedAt,
    ...mediaOf(message.media),
  };
};

export const referenceTo = (message: Pick<Api.Message, 'media'>): DocumentReference | undefined => {
  const document = documentOf(message.media);
  return (
    document && {
      id: document.id.toString(),
      accessHash: document.accessHash.toString(),
      fileReference: Buffer.from(document.fileReference).toString('base64'),
    }
  );
};

/** What the answer to a send says about the message that is now in the chat. */
export const toSentMessage = (answer: Api.TypeUpdates, randomId: bigint): SentMessage => {
  if (answer instanceof Api.UpdateShortSentMessage) return { messageId: answer.id, duplicate: false };
  if (!(answer instanceof Api.Updates || answer instanceof Api.UpdatesCombined))
    return { messageId: null, duplicate: false };
  const given = answer.updates.find(
    (update) => update instanceof Api.UpdateMessageID && update.randomId?.toString() === randomId.toString(),
  );
  const messages = answer.updates.flatMap((update) => messageIn(update)?.message ?? []);
  const messageId = given instanceof Api.UpdateMessageID ? given.id : (messages[0]?.id ?? null);
  const message = messages.find(({ id }) => id === messageId);
  const document = message && referenceTo(message);
  return { messageId, duplicate: false, ...(document && { document }) };
};

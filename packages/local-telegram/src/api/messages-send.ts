import { badRequest } from '../rpc-error.ts';
import { Api, long, nativeLong, present } from '../tl.ts';
import { entityFromTl, entityToTl } from '../view/entities.ts';
import { mediaToTl } from '../view/media.ts';
import { now } from '../world/box.ts';
import type { WorldChat } from '../world/chat.ts';
import { Supergroup } from '../world/chats.ts';
import type { WorldEntity } from '../world/entities.ts';
import type { Draft, Topic, WorldMessage } from '../world/message.ts';
import type { Call, Methods } from './call.ts';
import { maxCaptionLength, maxTextLength } from './help.ts';
import { inputMedia } from './input-media.ts';
import { chatOf } from './peers.ts';

/** The entities of a request, as far as this world keeps them. @throws {RpcError} where one does not lie within the text. */
export const entitiesOf = (text: string, given: Api.TypeMessageEntity[] | undefined): WorldEntity[] => {
  const within = ({ offset, length }: Api.TypeMessageEntity) =>
    offset >= 0 && length > 0 && offset + length <= text.length;
  if (given && !given.every(within)) throw badRequest('ENTITY_BOUNDS_INVALID');
  return (given ?? []).flatMap((entity) => entityFromTl(entity) ?? []);
};

/** @throws {RpcError} where a text is longer than Telegram takes; lengths are in UTF-16 units. */
export const checkLength = (text: string, withMedia: boolean): void => {
  if (withMedia && text.length > maxCaptionLength) throw badRequest('MEDIA_CAPTION_TOO_LONG');
  if (text.length > maxTextLength) throw badRequest('MESSAGE_TOO_LONG');
  if (!withMedia && text.trim() === '') throw badRequest('MESSAGE_EMPTY');
};

/** Reply and topic of a new message. A reply to what is gone is sent as no reply, as Telegram does it. */
const placeOf = (
  call: Call,
  chat: WorldChat,
  replyTo: Api.TypeInputReplyTo | undefined,
): { replyTo?: WorldMessage; topic?: Topic } => {
  if (!(replyTo instanceof Api.InputReplyToMessage)) return {};
  const { replyToMsgId, topMsgId } = replyTo;
  const found = chat.boxOf(call.account).messages.get(replyToMsgId);
  const message = found?.chat === chat ? found : undefined;
  if (!(chat instanceof Supergroup && chat.forum)) return message ? { replyTo: message } : {};
  // A topic is addressed as a reply to the service message that made it.
  const topic = chat.topics.find(({ id }) => id === (topMsgId ?? replyToMsgId));
  if (topMsgId !== undefined && !topic) throw badRequest('TOPIC_DELETED');
  return { ...(message && !message.service ? { replyTo: message } : {}), ...(topic ? { topic } : {}) };
};

type SendRequest = Pick<Api.messages.SendMessage, 'peer' | 'message' | 'replyTo' | 'entities' | 'randomId'>;

/** Posts what `content` yields, once for each `random_id`; a send that fails does not use its up. */
const send = async (
  call: Call,
  request: SendRequest,
  content: () => Pick<Draft, 'media'> | Promise<Pick<Draft, 'media'>>,
): Promise<WorldMessage> => {
  const { account } = call;
  const chat = chatOf(call, request.peer);
  if (request.randomId === undefined) throw badRequest('RANDOM_ID_EMPTY');
  const randomId = nativeLong(request.randomId);
  const reservation = chat.reserve(account, randomId);
  try {
    chat.assertMayPost(account);
    const draft = await content();
    const entities = entitiesOf(request.message, request.entities);
    const place = placeOf(call, chat, request.replyTo);
    return chat.post(
      { from: account, text: request.message, entities, randomId, ...place, ...draft },
      call.cause,
    );
  } catch (error) {
    reservation.release();
    throw error;
  }
};

/** The update of the caller's own box that told of the message, with its `pts`. */
const ownEvent = (call: Call, message: WorldMessage) => {
  const event = message.chat
    .boxOf(call.account)
    .events.findLast((one) => one.kind === 'new' && one.message === message);
  if (!event) throw new Error(`no event of ${message}`);
  return event;
};

const sentUpdates = (call: Call, message: WorldMessage): Api.Updates => {
  const view = call.view();
  const change = ownEvent(call, message);
  const id = message.idFor(call.account);
  const updates = [
    new Api.UpdateMessageID({ id, randomId: long(message.randomId ?? 0) }),
    view.update({ chat: message.chat, change }),
  ];
  return new Api.Updates({ updates, ...view.mentioned(), date: now(), seq: 0 });
};

/** What is known without being said again: plain texts outside supergroups are answered with their id alone. */
const shortSent = (call: Call, message: WorldMessage): Api.UpdateShortSentMessage => {
  const { pts, ptsCount } = ownEvent(call, message);
  return new Api.UpdateShortSentMessage(
    present({
      out: true,
      id: message.idFor(call.account),
      pts,
      ptsCount,
      date: message.date,
      entities: message.entities.length > 0 ? message.entities.map(entityToTl) : undefined,
    }),
  );
};

export const messagesSend: Methods = {
  'messages.SendMessage': async (request, call) => {
    const message = await send(call, request, () => {
      checkLength(request.message, false);
      return {};
    });
    return message.chat instanceof Supergroup ? sentUpdates(call, message) : shortSent(call, message);
  },
  'messages.SendMedia': async (request, call) => {
    const message = await send(call, request, async () => {
      checkLength(request.message, true);
      return { media: await inputMedia(call, request.media) };
    });
    return sentUpdates(call, message);
  },
  'messages.UploadMedia': async (request, call) => {
    chatOf(call, request.peer);
    const media = await inputMedia(call, request.media);
    return mediaToTl(media, call.view().access(media), now());
  },
  'messages.SetTyping': (request, call) => {
    chatOf(call, request.peer);
    return true;
  },
};

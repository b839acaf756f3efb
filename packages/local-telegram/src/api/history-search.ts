import { Api, present } from '../tl.ts';
import type { View } from '../view/view.ts';
import type { WorldChat } from '../world/chat.ts';
import { Supergroup } from '../world/chats.ts';
import type { WorldMessage } from '../world/message.ts';
import type { Call, Methods, RequestOf } from './call.ts';
import { chatOf, supergroupOf, userOf } from './peers.ts';

/** No answer holds more messages. */
const maxPage = 100;

/** The parameters of https://core.telegram.org/api/offsets. */
interface Page {
  readonly offsetId: number;
  readonly offsetDate?: number;
  readonly addOffset: number;
  readonly limit: number;
  readonly maxId: number;
  readonly minId: number;
}

type Entry = readonly [id: number, message: WorldMessage];

/** All that the account has of a chat, newest first. */
const entriesOf = (call: Call, chat: WorldChat): Entry[] => [...chat.copiesFor(call.account)];

const page = (
  entries: readonly Entry[],
  { offsetId, offsetDate, addOffset, limit, maxId, minId }: Page,
): Entry[] => {
  // The date counts only where no id is given: clients send that of the last message along with its id.
  const before = entries.findIndex(([id, { date }]) =>
    offsetId === 0 ? !offsetDate || date < offsetDate : id < offsetId,
  );
  const start = (before === -1 ? entries.length : before) + addOffset;
  return entries
    .slice(Math.max(0, start), Math.max(0, start + Math.min(limit, maxPage)))
    .filter(([id]) => (maxId === 0 || id < maxId) && (minId === 0 || id > minId));
};

const messagesAnswer = (
  view: View,
  chat: WorldChat | null,
  shown: readonly WorldMessage[],
  count: number,
): Api.messages.TypeMessages => {
  const messages = shown.map((message) => view.message(message));
  if (chat instanceof Supergroup) {
    view.peer(chat);
    const topics = [...new Set(shown.flatMap((message) => message.topic ?? []))].map((topic) =>
      view.topic(chat, topic),
    );
    return new Api.messages.ChannelMessages({
      pts: chat.box.pts,
      count,
      messages,
      topics,
      ...view.mentioned(),
    });
  }
  if (messages.length < count)
    return new Api.messages.MessagesSlice({ count, messages, ...view.mentioned() });
  return new Api.messages.Messages({ messages, ...view.mentioned() });
};

const paged = (
  call: Call,
  chat: WorldChat,
  entries: readonly Entry[],
  request: Page,
): Api.messages.TypeMessages =>
  messagesAnswer(
    call.view(),
    chat,
    page(entries, request).map(([, message]) => message),
    entries.length,
  );

/** Whether a message holds what a search filter asks for; those without meaning here let nothing through. */
const filterOf = (filter: Api.TypeMessagesFilter): ((message: WorldMessage) => boolean) => {
  const kind =
    (...kinds: string[]) =>
    (message: WorldMessage) =>
      kinds.includes(message.media?.kind ?? '');
  if (filter instanceof Api.InputMessagesFilterEmpty) return () => true;
  if (filter instanceof Api.InputMessagesFilterVideo) return kind('video');
  if (filter instanceof Api.InputMessagesFilterPhotos) return kind('photo');
  if (filter instanceof Api.InputMessagesFilterPhotoVideo) return kind('photo', 'video');
  if (filter instanceof Api.InputMessagesFilterMusic) return kind('audio');
  if (filter instanceof Api.InputMessagesFilterDocument) return kind('document');
  if (filter instanceof Api.InputMessagesFilterUrl)
    return ({ entities }) => entities.some(({ type }) => type === 'url' || type === 'text_link');
  return () => false;
};

const inThread = (chat: WorldChat, id: number, { topic, replyTo }: WorldMessage): boolean => {
  if (topic) return topic.id === id;
  return chat instanceof Supergroup && replyTo?.threadRoot.ids.get(chat.box) === id;
};

const search = (call: Call, request: RequestOf<'messages.Search'>): Api.messages.TypeMessages => {
  const chat = chatOf(call, request.peer);
  const { topMsgId, minDate, maxDate } = request;
  const text = request.q.toLowerCase();
  const from = request.fromId && userOf(call, request.fromId);
  const accepts = filterOf(request.filter);
  const found = entriesOf(call, chat).filter(
    ([, message]) =>
      !message.service &&
      message.text.toLowerCase().includes(text) &&
      (from === undefined || message.from === from) &&
      (!topMsgId || inThread(chat, topMsgId, message)) &&
      (minDate <= 0 || message.date > minDate) &&
      (maxDate <= 0 || message.date < maxDate) &&
      accepts(message),
  );
  return paged(call, chat, found, request);
};

/** By id, from the mailbox or one supergroup; those that are not there come back empty. */
const byIds = (
  call: Call,
  chat: Supergroup | null,
  ids: Api.TypeInputMessage[],
): Api.messages.TypeMessages => {
  const box = chat?.box ?? call.account.mailbox;
  const view = call.view();
  const messages = ids.map((input) => {
    const id = input instanceof Api.InputMessageID ? input.id : 0;
    const target =
      input instanceof Api.InputMessageReplyTo ? box.messages.get(input.id)?.replyTo : box.messages.get(id);
    const there = target && box.messages.get(target.ids.get(box) ?? 0);
    return there ? view.message(there) : new Api.MessageEmpty({ id });
  });
  if (!chat) return new Api.messages.Messages({ messages, ...view.mentioned() });
  view.peer(chat);
  return new Api.messages.ChannelMessages(
    present({ pts: chat.box.pts, count: messages.length, messages, topics: [], ...view.mentioned() }),
  );
};

export const historySearch: Methods = {
  'messages.GetHistory': (request, call) => {
    const chat = chatOf(call, request.peer);
    return paged(call, chat, entriesOf(call, chat), request);
  },
  'messages.GetReplies': (request, call) => {
    const chat = chatOf(call, request.peer);
    const thread = entriesOf(call, chat).filter(([, message]) => inThread(chat, request.msgId, message));
    return paged(call, chat, thread, request);
  },
  'messages.Search': (request, call) => search(call, request),
  'messages.GetMessages': ({ id }, call) => byIds(call, null, id),
  'channels.GetMessages': ({ channel, id }, call) => byIds(call, supergroupOf(call, channel), id),
};

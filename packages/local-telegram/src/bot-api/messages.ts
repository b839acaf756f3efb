import type { Edit, WorldChat } from '../world/chat.ts';
import { Supergroup } from '../world/chats.ts';
import { completeEntities, sameEntities } from '../world/entities.ts';
import type { InlineKeyboard } from '../world/keyboard.ts';
import type { Topic, WorldMessage } from '../world/message.ts';
import { badRequest } from './bot-api-error.ts';
import type { Call, Method } from './call.ts';
import { assertMayPost, chatOf } from './chats.ts';
import { keyboardOf } from './keyboard.ts';
import { fieldOf } from './params.ts';
import { textOf } from './text.ts';

/** https://core.telegram.org/bots/api#deletemessages */
const maxDeletedAtOnce = 100;

const findMessage = (call: Call, chat: WorldChat, id: number): WorldMessage | undefined => {
  const found = chat.boxOf(call.bot).messages.get(id);
  return found?.chat === chat && !found.service ? found : undefined;
};

/** What the new message replies to; what is gone is an error, unless the caller wants the message sent all the same. */
const replyOf = (call: Call, chat: WorldChat): WorldMessage | undefined => {
  const { params } = call;
  const reply = params.structure('reply_parameters', 'reply parameters');
  const id = Number(fieldOf(reply, 'message_id') ?? params.integer('reply_to_message_id') ?? 0);
  if (id === 0) return undefined;
  const elsewhere = fieldOf(reply, 'chat_id');
  const here = elsewhere === undefined || String(elsewhere) === params.text('chat_id');
  const found = here ? findMessage(call, chat, id) : undefined;
  const optional =
    fieldOf(reply, 'allow_sending_without_reply') === true || params.flag('allow_sending_without_reply');
  if (!found && !optional) throw badRequest('message to be replied not found');
  return found;
};

/** General, whose id is 1, cannot be named: it is where a message without a topic goes. */
const topicOf = ({ params }: Call, chat: WorldChat): Topic | undefined => {
  const id = params.integer('message_thread_id') ?? 0;
  if (id === 0) return undefined;
  const forum = chat instanceof Supergroup && chat.forum;
  const found = forum && id !== 1 ? chat.topics.find((topic) => topic.id === id) : undefined;
  if (!found) throw badRequest('message thread not found');
  return found;
};

const sendMessage: Method = (call) => {
  const { bot } = call;
  const chat = chatOf(call);
  const draft = {
    from: bot,
    ...textOf(call.params),
    keyboard: keyboardOf(call.params),
    topic: topicOf(call, chat),
    replyTo: replyOf(call, chat),
  };
  assertMayPost(chat, bot);
  call.count('send', chat);
  return call.object(chat.post(draft, { account: bot, method: 'messages.SendMessage' }));
};

/** The bot's own message that is to be edited. */
const toEdit = (call: Call): WorldMessage => {
  const chat = chatOf(call);
  const id = call.params.integer('message_id') ?? 0;
  if (id === 0) throw badRequest('message identifier is not specified');
  const message = findMessage(call, chat, id);
  if (!message) throw badRequest('message to edit not found');
  if (message.from !== call.bot) throw badRequest("message can't be edited");
  return message;
};

const sameKeyboard = (a: InlineKeyboard | undefined, b: InlineKeyboard | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Refuses an edit that changes nothing; an edit without a keyboard takes the message's away. */
const edit = (call: Call, message: WorldMessage, { text, entities }: Pick<Edit, 'text' | 'entities'>) => {
  const keyboard = keyboardOf(call.params);
  const [newText, given] = text === undefined ? [message.text, message.entities] : [text, entities];
  const newEntities = completeEntities(newText, given);
  const sameText = newText === message.text && sameEntities(newEntities, message.entities);
  if (sameText && sameKeyboard(keyboard, message.keyboard))
    throw badRequest(
      'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    );
  call.count('edit', message.chat);
  const cause = { account: call.bot, method: 'messages.EditMessage' };
  message.chat.edit(message, { text: newText, entities: newEntities, keyboard: keyboard ?? null }, cause);
  return call.object(message);
};

const editMessageText: Method = (call) => {
  const formatted = textOf(call.params);
  const message = toEdit(call);
  if (message.media) throw badRequest('there is no text in the message to edit');
  return edit(call, message, formatted);
};

const editMessageReplyMarkup: Method = (call) => edit(call, toEdit(call), {});

/** In a private chat a bot deletes what either has written, in a group what it has written itself. */
const mayDelete = ({ bot }: Call, message: WorldMessage): boolean =>
  message.from === bot || message.chat.type === 'private';

const remove = (call: Call, chat: WorldChat, messages: readonly WorldMessage[]): true => {
  if (messages.length > 0)
    chat.remove(messages, 'everybody', { account: call.bot, method: 'messages.DeleteMessages' });
  return true;
};

const deleteMessage: Method = (call) => {
  const chat = chatOf(call);
  const id = call.params.integer('message_id') ?? 0;
  if (id === 0) throw badRequest('message identifier is not specified');
  const message = findMessage(call, chat, id);
  if (!message) throw badRequest('message to delete not found');
  if (!mayDelete(call, message)) throw badRequest("message can't be deleted");
  return remove(call, chat, [message]);
};

/** Those that are not there are passed over. */
const deleteMessages: Method = (call) => {
  const chat = chatOf(call);
  const ids = call.params.structure('message_ids', 'message identifiers');
  if (!Array.isArray(ids) || ids.length === 0) throw badRequest('message identifiers are not specified');
  if (ids.length > maxDeletedAtOnce) throw badRequest('too many message identifiers specified');
  const found = ids.flatMap((id: unknown) => findMessage(call, chat, Number(id)) ?? []);
  if (!found.every((message) => mayDelete(call, message))) throw badRequest("message can't be deleted");
  return remove(call, chat, [...new Set(found)]);
};

export const messageMethods = {
  sendMessage,
  editMessageText,
  editMessageReplyMarkup,
  deleteMessage,
  deleteMessages,
};

import { RpcError } from '../rpc-error.ts';
import type { WorldChat } from '../world/chat.ts';
import { Group, type PrivateChat, Supergroup } from '../world/chats.ts';
import type { WorldUser } from '../world/user.ts';
import { BotApiError, badRequest, forbidden, tooManyRequests } from './bot-api-error.ts';
import type { Call, Method } from './call.ts';
import { chatObject, userObject } from './objects.ts';

/** https://core.telegram.org/bots/api#sendchataction */
const actions: ReadonlySet<string> = new Set([
  'typing',
  'upload_photo',
  'record_video',
  'upload_video',
  'record_voice',
  'upload_voice',
  'upload_document',
  'choose_sticker',
  'find_location',
  'record_video_note',
  'upload_video_note',
]);

const chatNotFound = () => badRequest('chat not found');

/** A bot knows those who have written to it, and those whom it shares a group with. */
const privateChat = ({ world, bot }: Call, user: WorldUser): PrivateChat => {
  if (user.bot) throw forbidden("bot can't send messages to bots");
  if (user.hasBlocked(bot)) throw forbidden('bot was blocked by the user');
  if (user.hasStarted(bot)) return world.privateChat(bot, user);
  if (world.chats.some((chat) => chat.has(user) && chat.has(bot)))
    throw forbidden("bot can't initiate conversation with a user");
  throw chatNotFound();
};

const groupChat = ({ bot }: Call, chat: Group | Supergroup): WorldChat => {
  if (chat instanceof Group && chat.upgradedTo)
    throw badRequest('group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: chat.upgradedTo.id,
    });
  if (chat.has(bot)) return chat;
  if (chat.hasDismissed(bot)) throw forbidden(`bot was kicked from the ${chat.type} chat`);
  if (chat instanceof Supergroup && chat.username !== undefined)
    throw forbidden('bot is not a member of the supergroup chat');
  throw chatNotFound();
};

/**
 * The chat that a call is for, given by its id or, where it is public, by its username.
 * @throws {BotApiError}
 */
export const chatOf = (call: Call): WorldChat => {
  const { world, params } = call;
  const given = params.text('chat_id');
  if (given === '') throw badRequest('chat_id is empty');
  if (given.startsWith('@')) {
    const found = world.findPublicChat(given.slice(1));
    if (!found) throw chatNotFound();
    return groupChat(call, found);
  }
  const id = params.integer('chat_id');
  const user = id !== undefined && id > 0 ? world.findUser(id) : undefined;
  if (user) return privateChat(call, user);
  const chat = id === undefined ? undefined : world.findChat(id);
  if (!chat) throw chatNotFound();
  return groupChat(call, chat);
};

/** @throws {BotApiError} where that bot may not write in the chat, or not now. */
export const assertMayPost = (chat: WorldChat, bot: WorldUser): void => {
  try {
    chat.assertMayPost(bot);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const waitS = /^SLOWMODE_WAIT_(\d+)$/.exec(error.message)?.[1];
    if (waitS !== undefined) throw tooManyRequests(Number(waitS));
    const reason = 'Bad Request: not enough rights to send text messages to the chat';
    throw new BotApiError(400, reason, undefined, { cause: error });
  }
};

const getMe: Method = ({ bot }) => ({
  ...userObject(bot),
  can_join_groups: true,
  can_read_all_group_messages: false,
  supports_inline_queries: false,
});

const getChat: Method = (call) => {
  const chat = chatOf(call);
  const slowMode = chat instanceof Supergroup && chat.slowModeS > 0 ? chat.slowModeS : undefined;
  const full = { accent_color_id: 0, max_reaction_count: 11, slow_mode_delay: slowMode };
  return { ...chatObject(chat, call.bot), ...full };
};

const sendChatAction: Method = (call) => {
  const chat = chatOf(call);
  if (!actions.has(call.params.text('action'))) throw badRequest('wrong parameter action in request');
  assertMayPost(chat, call.bot);
  return true;
};

export const chatMethods = { getMe, getChat, sendChatAction };

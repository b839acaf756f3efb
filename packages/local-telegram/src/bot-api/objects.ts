import type { WorldChat } from '../world/chat.ts';
import { PrivateChat, Supergroup } from '../world/chats.ts';
import type { WorldEntity } from '../world/entities.ts';
import type { InlineKeyboard } from '../world/keyboard.ts';
import type { WorldMessage } from '../world/message.ts';
import type { WorldUser } from '../world/user.ts';
import type { World } from '../world/world.ts';

/** An object of https://core.telegram.org/bots/api; fields that are undefined are left out of its JSON. */
export type BotApiObject = Readonly<Record<string, unknown>>;

export const userObject = (user: WorldUser): BotApiObject => ({
  id: user.id,
  is_bot: user.bot,
  first_name: user.firstName,
  username: user.username ?? undefined,
});

/** The chat as that bot knows it: in a private chat, the user. */
export const chatObject = (chat: WorldChat, bot: WorldUser): BotApiObject => {
  const id = chat.markedIdFor(bot);
  if (chat instanceof PrivateChat) {
    const { firstName, username } = chat.partnerOf(bot);
    return { id, first_name: firstName, username: username ?? undefined, type: 'private' };
  }
  const { title, type } = chat;
  if (!(chat instanceof Supergroup)) return { id, title, type, all_members_are_administrators: true };
  return { id, title, username: chat.username, type, is_forum: chat.forum || undefined };
};

const entityObject = (world: World, { type, userId, ...entity }: WorldEntity): BotApiObject => {
  if (type !== 'mention_name') return { ...entity, type };
  const user = userId === undefined ? undefined : world.findUser(userId);
  return { ...entity, type: 'text_mention', user: user && userObject(user) };
};

const keyboardObject = (keyboard: InlineKeyboard): BotApiObject => ({
  inline_keyboard: keyboard.map((row) =>
    row.map((button) =>
      'url' in button ? button : { text: button.text, callback_data: button.callbackData },
    ),
  ),
});

/** A message by the ids of that bot. What it replies to comes along, without what that replied to. */
export const messageObject = (
  world: World,
  message: WorldMessage,
  bot: WorldUser,
  depth: 'whole' | 'replied-to' = 'whole',
): BotApiObject => {
  const { chat, from, topic, text, entities, media, replyTo, keyboard } = message;
  const inTopic = topic !== undefined && topic.id !== 1;
  const known = entities.length > 0 ? entities.map((entity) => entityObject(world, entity)) : undefined;
  const content = media
    ? { caption: text === '' ? undefined : text, caption_entities: known }
    : { text, entities: known };
  const repliesTo =
    depth === 'whole' && replyTo?.ids.has(chat.boxOf(bot)) && !replyTo.deleted ? replyTo : undefined;
  return {
    message_id: message.idFor(bot),
    message_thread_id: inTopic ? topic.id : undefined,
    is_topic_message: inTopic || undefined,
    from: userObject(from),
    chat: chatObject(chat, bot),
    date: message.date,
    edit_date: message.editDate,
    reply_to_message: repliesTo && messageObject(world, repliesTo, bot, 'replied-to'),
    ...content,
    reply_markup: keyboard && keyboardObject(keyboard),
  };
};

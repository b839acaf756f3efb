import { badRequest } from '../rpc-error.ts';
import { Api } from '../tl.ts';
import { now } from '../world/box.ts';
import type { Call, Methods } from './call.ts';
import { messageOf } from './messages-edit-delete.ts';
import { chatOf } from './peers.ts';

/** An account without Premium leaves one reaction. */
const maxReactions = 1;

const emojiOf = (reaction: Api.TypeReaction): string => {
  if (reaction instanceof Api.ReactionEmoji && /^\p{Emoji}/u.test(reaction.emoticon))
    return reaction.emoticon;
  throw badRequest('REACTION_INVALID');
};

const reactionsUpdate = (call: Call, peer: unknown, ids: readonly number[]): Api.Updates => {
  const chat = chatOf(call, peer);
  const view = call.view();
  const updates = ids.map((id) =>
    view.update({ chat, change: { kind: 'reactions', message: messageOf(call, chat, id) } }),
  );
  return new Api.Updates({ updates, ...view.mentioned(), date: now(), seq: 0 });
};

export const reactions: Methods = {
  'messages.SendReaction': ({ peer, msgId, reaction = [] }, call) => {
    const chat = chatOf(call, peer);
    const message = messageOf(call, chat, msgId);
    const emojis = reaction.filter((one) => !(one instanceof Api.ReactionEmpty)).map(emojiOf);
    if (emojis.length > maxReactions) throw badRequest('REACTIONS_TOO_MANY');
    const before = message.reactions.filter(({ from }) => from === call.account).map(({ emoji }) => emoji);
    if (before.join() === emojis.join()) throw badRequest('MESSAGE_NOT_MODIFIED');
    chat.react(message, call.account, emojis, call.cause);
    return reactionsUpdate(call, peer, [msgId]);
  },
  'messages.GetMessagesReactions': ({ peer, id }, call) => reactionsUpdate(call, peer, id),
};

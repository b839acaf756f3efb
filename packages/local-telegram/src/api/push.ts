import type { Faults } from '../faults.ts';
import type { AuthKey, AuthKeys } from '../session/auth-keys.ts';
import { Api, present, type TlObject } from '../tl.ts';
import { View } from '../view/view.ts';
import { now } from '../world/box.ts';
import type { Cause, Delivery } from '../world/chat.ts';
import { Group, PrivateChat } from '../world/chats.ts';
import type { WorldUser } from '../world/user.ts';
import type { World } from '../world/world.ts';

/**
 * A new text of a private chat or basic group in the short form, without users and chats: Telegram sends it to a client that knows
 * them already. Null where the long form must do.
 */
const shortUpdate = (view: View, { chat, change }: Delivery): Api.TypeUpdates | null => {
  if (change.kind !== 'new' || !(chat instanceof PrivateChat || chat instanceof Group)) return null;
  const { message, pts, ptsCount } = change;
  if (message.media || message.service) return null;
  const { id, out, date, mentioned, replyTo, entities } = view.message(message);
  if (!view.mentionsOnlyKnown) return null;
  const common = present({
    id,
    out,
    date,
    mentioned,
    replyTo,
    entities,
    message: message.text,
    pts,
    ptsCount,
  });
  if (chat instanceof Group) {
    const { userId: fromId } = view.peerUser(message.from);
    const { id: chatId } = view.chat(chat);
    return new Api.UpdateShortChatMessage({ ...common, fromId, chatId });
  }
  return new Api.UpdateShortMessage({ ...common, userId: view.peerUser(chat.partnerOf(view.viewer)).userId });
};

const longUpdate = (view: View, delivery: Delivery): Api.Updates => {
  const updates = [view.update(delivery)];
  return new Api.Updates({ updates, ...view.mentioned(), date: now(), seq: 0 });
};

/** The sessions of one client that an update goes to; a session that lost its connection keeps it for a client that resumes it. */
const targets = ({ sessions }: AuthKey, { session: causing }: Cause) => {
  const listening = [...sessions.values()].filter((session) => session.wantsUpdates && !session.mediaOnly);
  const connected = listening.filter((session) => session.connected);
  if (connected.length > 0) return connected.filter((session) => session !== causing);
  return listening.slice(-1).filter((session) => session !== causing);
};

/** Pushes every change of the world to the clients that it concerns, save the session that caused it. */
export const pushChanges = (world: World, authKeys: AuthKeys, faults: Faults): void => {
  const pushTo = (receiver: WorldUser, delivery: Delivery, cause: Cause): void => {
    const clients = authKeys
      .of(receiver.id)
      .map((authKey) => ({ authKey, sessions: targets(authKey, cause) }))
      .filter(({ sessions }) => sessions.length > 0);
    if (clients.length === 0) return;
    if (faults.losesPush(cause.method, cause.request as TlObject | undefined, receiver)) return;
    for (const { authKey, sessions } of clients) {
      const view = () => new View(world, receiver, authKey.knownUsers);
      const update = shortUpdate(view(), delivery) ?? longUpdate(view(), delivery);
      for (const session of sessions) session.push(update);
    }
  };
  world.onDelivery((delivery, cause) => {
    for (const receiver of delivery.audience) pushTo(receiver, delivery, cause);
  });
};

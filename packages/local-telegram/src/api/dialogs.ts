import { Api, present } from '../tl.ts';
import type { View } from '../view/view.ts';
import { type BoxEvent, now } from '../world/box.ts';
import type { WorldChat } from '../world/chat.ts';
import { type Group, Supergroup } from '../world/chats.ts';
import type { WorldMessage } from '../world/message.ts';
import type { Call, Methods } from './call.ts';
import { chatOf, groupOf, isPeer, supergroupOf } from './peers.ts';

const maxDialogs = 100;

interface Entry {
  readonly chat: WorldChat;
  readonly top: WorldMessage;
}

/** The account's state of updates, or the one that it was in after that event of its mailbox. */
export const stateOf = ({ account, authKey }: Call, after?: BoxEvent): Api.updates.State => {
  const { pts, date } = after ?? { pts: account.mailbox.pts, date: now() };
  return new Api.updates.State({ pts, qts: 0, date, seq: authKey.seq, unreadCount: 0 });
};

/** The newest message of a chat that the account still has. */
const topOf = (call: Call, chat: WorldChat): WorldMessage | undefined =>
  chat.copiesFor(call.account).next().value?.[1];

/** Chats with messages, the most recent first. */
const entriesOf = (call: Call, chats: readonly WorldChat[] = call.world.chatsOf(call.account)): Entry[] =>
  chats
    .flatMap((chat) => {
      const top = topOf(call, chat);
      return top ? [{ chat, top }] : [];
    })
    .sort((a, b) => b.top.date - a.top.date || b.top.uid - a.top.uid);

/** One line of the list of chats. */
export const dialogOf = (call: Call, view: View, { chat, top }: Entry): Api.Dialog => {
  const { account } = call;
  const readInboxMaxId = account.readUpTo.get(chat) ?? 0;
  let unreadCount = 0;
  for (const [id, { from }] of chat.copiesFor(account)) {
    if (id <= readInboxMaxId) break;
    if (from !== account) unreadCount++;
  }
  return new Api.Dialog(
    present({
      peer: view.peer(chat),
      topMessage: top.idFor(account),
      readInboxMaxId,
      readOutboxMaxId: 0,
      unreadCount,
      unreadMentionsCount: 0,
      unreadReactionsCount: 0,
      notifySettings: new Api.PeerNotifySettings({}),
      pts: chat instanceof Supergroup ? chat.box.pts : undefined,
    }),
  );
};

const rendered = (call: Call, entries: readonly Entry[]) => {
  const view = call.view();
  const dialogs = entries.map((entry) => dialogOf(call, view, entry));
  const messages = entries.map(({ top }) => view.message(top));
  return { dialogs, messages, ...view.mentioned() };
};

const read = (call: Call, chat: WorldChat, maxId: number): void => {
  const newest = topOf(call, chat)?.idFor(call.account) ?? 0;
  const before = call.account.readUpTo.get(chat) ?? 0;
  call.account.readUpTo.set(chat, Math.max(before, maxId === 0 ? newest : Math.min(maxId, newest)));
};

/** How many of the dialogs the client has, whose last one is at the offsets (https://core.telegram.org/api/offsets). */
const alreadyShown = (request: Api.messages.GetDialogs, call: Call, all: readonly Entry[]): number => {
  const { offsetDate, offsetId, offsetPeer } = request;
  if (offsetDate === 0 && offsetId === 0) return 0;
  const named = !(offsetPeer instanceof Api.InputPeerEmpty);
  const last = all.findIndex(
    ({ chat, top }) =>
      named && top.idFor(call.account) === offsetId && isPeer(chat, call.account, offsetPeer),
  );
  if (last !== -1) return last + 1;
  // The chat of the last one has a newer message meanwhile: of those from the same second, rather again than never.
  const next = all.findIndex(({ top }) => top.date < offsetDate || (named && top.date === offsetDate));
  return next === -1 ? all.length : next;
};

const getDialogs = (request: Api.messages.GetDialogs, call: Call): Api.messages.TypeDialogs => {
  // Only the main folder holds anything; 1 is the archive.
  const all = request.folderId === 1 ? [] : entriesOf(call);
  const from = alreadyShown(request, call, all);
  const shown = all.slice(from, from + Math.min(request.limit || maxDialogs, maxDialogs));
  const answer = rendered(call, shown);
  return shown.length < all.length
    ? new Api.messages.DialogsSlice({ count: all.length, ...answer })
    : new Api.messages.Dialogs(answer);
};

export const dialogs: Methods = {
  'messages.GetDialogs': getDialogs,
  'messages.GetPeerDialogs': ({ peers }, call) => {
    const chats = peers.flatMap((peer) =>
      peer instanceof Api.InputDialogPeer ? [chatOf(call, peer.peer)] : [],
    );
    return new Api.messages.PeerDialogs({ ...rendered(call, entriesOf(call, chats)), state: stateOf(call) });
  },
  'messages.GetPinnedDialogs': (_, call) =>
    new Api.messages.PeerDialogs({ ...rendered(call, []), state: stateOf(call) }),
  'messages.GetDialogFilters': () => new Api.messages.DialogFilters({ filters: [] }),
  'messages.ReadHistory': ({ peer, maxId }, call) => {
    read(call, chatOf(call, peer), maxId);
    return new Api.messages.AffectedMessages({ pts: call.account.mailbox.pts, ptsCount: 0 });
  },
  'channels.ReadHistory': ({ channel, maxId }, call) => {
    read(call, supergroupOf(call, channel), maxId);
    return true;
  },
  'messages.GetChats': ({ id }, call) => {
    const view = call.view();
    return new Api.messages.Chats({ chats: id.map((chatId) => view.chat(groupOf(call, Number(chatId)))) });
  },
  'messages.GetFullChat': ({ chatId }, call) => {
    const chat: Group = groupOf(call, Number(chatId));
    const view = call.view();
    view.peer(chat);
    const participants = chat.members.map((member, i) => {
      const { userId } = view.peerUser(member);
      const inviterId = view.peerUser(chat.members[0] ?? member).userId;
      return i === 0
        ? new Api.ChatParticipantCreator({ userId })
        : new Api.ChatParticipant({ userId, inviterId, date: 0 });
    });
    const fullChat = new Api.ChatFull({
      id: chatId,
      about: '',
      participants: new Api.ChatParticipants({ chatId, participants, version: 1 }),
      notifySettings: new Api.PeerNotifySettings({}),
    });
    return new Api.messages.ChatFull({ fullChat, ...view.mentioned() });
  },
};

import { Api, long, present } from '../tl.ts';
import type { Box, BoxEvent } from '../world/box.ts';
import type { Delivery, WorldChat } from '../world/chat.ts';
import { Group, PrivateChat, Supergroup } from '../world/chats.ts';
import type { WorldMedia } from '../world/media.ts';
import type { WorldMessage } from '../world/message.ts';
import type { WorldUser } from '../world/user.ts';
import type { World } from '../world/world.ts';
import { entityToTl } from './entities.ts';
import { keyboardToTl } from './keyboard.ts';
import { type FileAccess, mediaToTl } from './media.ts';

/** When all groups began, as far as clients are told. */
const foundingDate = 1_600_000_000;
const topicColor = 0x6fb9f0;

/** The names under which access hashes are kept. */
export const accessTarget = {
  user: (user: WorldUser) => `user ${user.id}`,
  channel: (channelId: number) => `channel ${channelId}`,
  media: (media: WorldMedia) => `media ${media.id}`,
};

/**
 * The world as one account sees it: ids, access hashes and the direction of messages are its own. It remembers whom it has
 * shown, since each answer carries the users and chats that it mentions: make a new one for each answer.
 */
export class View {
  readonly viewer: WorldUser;
  #world: World;
  #users = new Set<WorldUser>();
  #chats = new Set<Group | Supergroup>();

  #known: Set<number> | undefined;

  /** `known` collects the ids of those whose access hashes the client is given. */
  constructor(world: World, viewer: WorldUser, known?: Set<number>) {
    this.#world = world;
    this.viewer = viewer;
    this.#known = known;
  }

  /** All users and chats mentioned so far: to be taken when the rest is rendered. */
  mentioned(): { users: Api.TypeUser[]; chats: Api.TypeChat[] } {
    return {
      users: [...this.#users].map((user) => this.user(user)),
      chats: [...this.#chats].map((chat) => this.chat(chat)),
    };
  }

  /** Whether the client knows all users mentioned so far. */
  get mentionsOnlyKnown(): boolean {
    return [...this.#users].every((user) => user === this.viewer || this.#known?.has(user.id));
  }

  user(user: WorldUser): Api.User {
    this.#known?.add(user.id);
    return new Api.User(
      present({
        id: long(user.id),
        accessHash: long(this.#world.accessHashes.of(this.viewer.id, accessTarget.user(user))),
        self: user === this.viewer || undefined,
        contact: this.viewer.contacts.has(user) || undefined,
        firstName: user.firstName,
        username: user.username ?? undefined,
        phone: user === this.viewer && !user.bot ? user.phone : undefined,
        bot: user.bot || undefined,
        premium: user.premium || undefined,
        botInfoVersion: user.bot ? 1 : undefined,
      }),
    );
  }

  chat(chat: Group | Supergroup): Api.Chat | Api.Channel {
    const photo = new Api.ChatPhotoEmpty();
    if (chat instanceof Group)
      return new Api.Chat(
        present({
          id: long(chat.chatId),
          title: chat.title,
          photo,
          participantsCount: chat.members.length,
          date: foundingDate,
          version: 1,
          left: chat.has(this.viewer) ? undefined : true,
        }),
      );
    const hash = this.#world.accessHashes.of(this.viewer.id, accessTarget.channel(chat.channelId));
    return new Api.Channel(
      present({
        id: long(chat.channelId),
        accessHash: long(hash),
        title: chat.title,
        username: chat.username,
        photo,
        date: chat.joinedAt(this.viewer) ?? foundingDate,
        megagroup: true,
        forum: chat.forum || undefined,
        slowmodeEnabled: chat.slowModeS > 0 || undefined,
        left: chat.has(this.viewer) ? undefined : true,
        participantsCount: chat.members.length,
      }),
    );
  }

  peerUser(user: WorldUser): Api.PeerUser {
    this.#users.add(user);
    return new Api.PeerUser({ userId: long(user.id) });
  }

  peer(chat: WorldChat): Api.TypePeer {
    if (chat instanceof PrivateChat) return this.peerUser(chat.partnerOf(this.viewer));
    if (chat instanceof Group) {
      this.#chats.add(chat);
      return new Api.PeerChat({ chatId: long(chat.chatId) });
    }
    if (!(chat instanceof Supergroup)) throw new Error(`no peer for a ${chat.type} chat`);
    this.#chats.add(chat);
    return new Api.PeerChannel({ channelId: long(chat.channelId) });
  }

  message(message: WorldMessage): Api.Message | Api.MessageService {
    const { chat, from, date } = message;
    const common = {
      id: message.idFor(this.viewer),
      out: from === this.viewer || undefined,
      // In a private chat an incoming message is from the one whom the chat is with.
      fromId: chat instanceof PrivateChat && from !== this.viewer ? undefined : this.peerUser(from),
      peerId: this.peer(chat),
      date,
      replyTo: this.replyHeader(message),
    };
    // Who is mentioned by name only can be addressed with what comes along.
    for (const { userId } of message.entities) {
      const mentioned = userId === undefined ? undefined : this.#world.findUser(userId);
      if (mentioned) this.peerUser(mentioned);
    }
    if (message.service) return new Api.MessageService(present({ ...common, action: this.#action(message) }));
    return new Api.Message(
      present({
        ...common,
        message: message.text,
        mentioned: this.#mentionsViewer(message) || undefined,
        entities: message.entities.length > 0 ? message.entities.map(entityToTl) : undefined,
        media: message.media && this.media(message.media, date),
        replyMarkup: message.keyboard && keyboardToTl(message.keyboard),
        editDate: message.editDate,
        reactions: message.reactions.length > 0 ? this.reactions(message) : undefined,
      }),
    );
  }

  /** As Telegram marks replies and topics (https://core.telegram.org/api/threads, https://core.telegram.org/api/forum). */
  replyHeader({ chat, topic, replyTo }: WorldMessage): Api.MessageReplyHeader | undefined {
    const replyToMsgId = replyTo?.ids.get(chat.boxOf(this.viewer));
    const inTopic = topic !== undefined && topic.id !== 1;
    if (replyToMsgId === undefined)
      return inTopic ? new Api.MessageReplyHeader({ forumTopic: true, replyToMsgId: topic.id }) : undefined;
    if (inTopic) {
      const replyToTopId = replyToMsgId === topic.id ? undefined : topic.id;
      return new Api.MessageReplyHeader(present({ forumTopic: true, replyToMsgId, replyToTopId }));
    }
    const root = chat instanceof Supergroup ? replyTo?.threadRoot : undefined;
    const replyToTopId = root && root !== replyTo ? root.idFor(this.viewer) : undefined;
    return new Api.MessageReplyHeader(present({ replyToMsgId, replyToTopId }));
  }

  access(media: WorldMedia): FileAccess {
    const { accessHashes } = this.#world;
    return {
      accessHash: accessHashes.of(this.viewer.id, accessTarget.media(media)),
      fileReference: accessHashes.fileReference(this.viewer.id, media.id, media.referenceEpoch),
    };
  }

  media(media: WorldMedia, date: number): Api.TypeMessageMedia {
    return mediaToTl(media, this.access(media), date);
  }

  reactions(message: WorldMessage): Api.MessageReactions {
    const byEmoji = Map.groupBy(message.reactions, ({ emoji }) => emoji);
    return new Api.MessageReactions({
      canSeeList: true,
      results: [...byEmoji].map(([emoticon, given]) => {
        const chosen = given.some(({ from }) => from === this.viewer);
        return new Api.ReactionCount(
          present({
            chosenOrder: chosen ? 0 : undefined,
            reaction: new Api.ReactionEmoji({ emoticon }),
            count: given.length,
          }),
        );
      }),
      recentReactions: message.reactions.map(
        ({ emoji, from }) =>
          new Api.MessagePeerReaction(
            present({
              my: from === this.viewer || undefined,
              peerId: this.peerUser(from),
              date: message.date,
              reaction: new Api.ReactionEmoji({ emoticon: emoji }),
            }),
          ),
      ),
    });
  }

  topic(chat: Supergroup, { id, title }: { id: number; title: string }): Api.ForumTopic {
    const newest = chat.copiesFor(this.viewer).find(([at, message]) => at === id || message.topic?.id === id);
    return new Api.ForumTopic({
      id,
      title,
      date: foundingDate,
      iconColor: topicColor,
      topMessage: newest?.[0] ?? id,
      readInboxMaxId: 0,
      readOutboxMaxId: 0,
      unreadCount: 0,
      unreadMentionsCount: 0,
      unreadReactionsCount: 0,
      fromId: this.peerUser(chat.members[0] ?? this.viewer),
      notifySettings: new Api.PeerNotifySettings({}),
    });
  }

  /** One change, as an update. */
  update({ chat, change }: Pick<Delivery, 'chat' | 'change'>): Api.TypeUpdate {
    if (change.kind === 'reactions') {
      const { message } = change;
      return new Api.UpdateMessageReactions(
        present({
          peer: this.peer(chat),
          msgId: message.idFor(this.viewer),
          topMsgId: message.topic && message.topic.id !== 1 ? message.topic.id : undefined,
          reactions: this.reactions(message),
        }),
      );
    }
    if (change.kind === 'membership') {
      this.peer(chat);
      if (chat instanceof Supergroup) return new Api.UpdateChannel({ channelId: long(chat.channelId) });
      if (chat instanceof Group) return new Api.UpdateChat({ chatId: long(chat.chatId) });
      throw new Error(`nobody joins or leaves a ${chat.type} chat`);
    }
    if (change.kind === 'too-long') {
      if (!(chat instanceof Supergroup)) return new Api.UpdatePtsChanged();
      return new Api.UpdateChannelTooLong({ channelId: long(chat.channelId), pts: change.pts });
    }
    return this.boxUpdate(chat.boxOf(this.viewer), change, chat);
  }

  /** One entry of a box's event log, as an update. */
  boxUpdate(box: Box, event: BoxEvent, chat?: WorldChat): Api.TypeUpdate {
    const { pts, ptsCount } = event;
    if (event.kind === 'delete') {
      const messages = [...event.ids];
      if (!(chat instanceof Supergroup) || chat.box !== box)
        return new Api.UpdateDeleteMessages({ messages, pts, ptsCount });
      this.#chats.add(chat);
      return new Api.UpdateDeleteChannelMessages({
        channelId: long(chat.channelId),
        messages,
        pts,
        ptsCount,
      });
    }
    const message = this.message(event.message);
    const inChannel = event.message.chat instanceof Supergroup;
    if (event.kind === 'edit')
      return inChannel
        ? new Api.UpdateEditChannelMessage({ message, pts, ptsCount })
        : new Api.UpdateEditMessage({ message, pts, ptsCount });
    return inChannel
      ? new Api.UpdateNewChannelMessage({ message, pts, ptsCount })
      : new Api.UpdateNewMessage({ message, pts, ptsCount });
  }

  #mentionsViewer(message: WorldMessage): boolean {
    if (message.from === this.viewer || message.chat instanceof PrivateChat) return false;
    if (message.replyTo?.from === this.viewer && !message.replyTo.service) return true;
    return message.entities.some(({ type, offset, length, userId }) =>
      type === 'mention'
        ? message.text.slice(offset + 1, offset + length).toLowerCase() ===
          this.viewer.username?.toLowerCase()
        : type === 'mention_name' && userId === this.viewer.id,
    );
  }

  #action({ service, chat }: WorldMessage): Api.TypeMessageAction {
    const title = service?.title ?? '';
    switch (service?.kind) {
      case 'topic-created':
        return new Api.MessageActionTopicCreate({ title, iconColor: topicColor });
      case 'supergroup-created':
        return new Api.MessageActionChannelCreate({ title });
      default:
        return new Api.MessageActionChatCreate({
          title,
          users: chat.members.map((member) => long(member.id)),
        });
    }
  }
}

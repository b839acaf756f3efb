import { badRequest, notAcceptable, RpcError } from '../rpc-error.ts';
import { Box } from './box.ts';
import { type Cause, type ChatHost, WorldChat } from './chat.ts';
import type { Draft, Topic, WorldMessage } from './message.ts';
import type { WorldUser } from './user.ts';

/** Two users, or one with itself (its saved messages); each has copies in its own mailbox. */
export class PrivateChat extends WorldChat {
  override readonly type = 'private';
  override readonly id: number;
  readonly #pair: readonly [WorldUser, WorldUser];

  constructor(host: ChatHost, a: WorldUser, b: WorldUser) {
    super(host, `${a.name} and ${b.name}`, [a, b]);
    this.#pair = [a, b];
    this.id = b.id;
  }

  /** The one whom `user` talks to here. */
  partnerOf(user: WorldUser): WorldUser {
    const [a, b] = this.#pair;
    return user === a ? b : a;
  }

  override markedIdFor(user: WorldUser): number {
    return this.partnerOf(user).id;
  }

  override boxOf(user: WorldUser): Box {
    return user.mailbox;
  }

  override assertMayPost(user: WorldUser): void {
    if (this.partnerOf(user).hasBlocked(user)) throw badRequest('USER_IS_BLOCKED');
    super.assertMayPost(user);
  }

  /** Who writes to a bot may be written to by it. */
  override post(draft: Draft, cause: Cause): WorldMessage {
    const partner = this.partnerOf(draft.from);
    if (partner.bot) draft.from.starts(partner);
    return super.post(draft, cause);
  }
}

/** A basic group: each member has copies in its own mailbox, under ids of its own. */
export class Group extends WorldChat {
  override readonly type = 'group';
  /** Unmarked. */
  readonly chatId: number;
  /** What took its place: nobody writes here any more. */
  upgradedTo: Supergroup | undefined;

  constructor(host: ChatHost, title: string, members: readonly WorldUser[], chatId: number) {
    super(host, title, members);
    this.chatId = chatId;
  }

  override get id(): number {
    return -this.chatId;
  }

  override assertMayPost(user: WorldUser): void {
    if (this.upgradedTo) throw badRequest('CHAT_ID_INVALID');
    super.assertMayPost(user);
  }

  override boxOf(user: WorldUser): Box {
    return user.mailbox;
  }
}

/** The topic that every forum has; its messages bear no mark of it. */
const generalTopic: Topic = { id: 1, title: 'General' };

export interface SupergroupOptions {
  readonly members: readonly WorldUser[];
  /** Makes it a forum. */
  readonly topics?: readonly string[];
  /** Seconds between two messages of one member. */
  readonly slowModeS?: number;
  /** Makes it public. */
  readonly username?: string;
}

/** A supergroup, perhaps a forum: one box that all members read. */
export class Supergroup extends WorldChat {
  override readonly type = 'supergroup';
  /** Unmarked. */
  readonly channelId: number;
  readonly box = new Box();
  readonly forum: boolean;
  /** Of a public one. */
  readonly username: string | undefined;
  override readonly topics: Topic[] = [];
  slowModeS: number;
  #lastPostMs = new Map<WorldUser, number>();

  constructor(host: ChatHost, title: string, channelId: number, options: SupergroupOptions) {
    super(host, title, options.members);
    this.channelId = channelId;
    this.slowModeS = options.slowModeS ?? 0;
    this.username = options.username;
    this.forum = options.topics !== undefined;
    if (this.forum) this.topics.push(generalTopic);
  }

  override get id(): number {
    return -1_000_000_000_000 - this.channelId;
  }

  override boxOf(): Box {
    return this.box;
  }

  protected override boxes() {
    return [[this.box, this.members]] as const;
  }

  /** Adds a topic; its id is that of the service message that tells of it. */
  addTopic(title: string, by: WorldUser): Topic {
    const service = { kind: 'topic-created', title } as const;
    const cause = { account: by, method: 'channels.CreateForumTopic' };
    const message = super.post({ from: by, text: '', service }, cause);
    const topic = { id: message.idFor(by), title };
    this.topics.push(topic);
    return topic;
  }

  override assertMayPost(user: WorldUser): void {
    if (!this.has(user)) throw notAcceptable('CHANNEL_PRIVATE');
    super.assertMayPost(user);
    const waitMs = this.slowModeS * 1000 - (Date.now() - (this.#lastPostMs.get(user) ?? 0));
    if (this.slowModeS > 0 && waitMs > 0)
      throw new RpcError(420, `SLOWMODE_WAIT_${Math.ceil(waitMs / 1000)}`);
  }

  /** A reply is in the topic of what it replies to; all else without a topic is in General. */
  override post(draft: Draft, cause: Cause): WorldMessage {
    this.#lastPostMs.set(draft.from, Date.now());
    if (!this.forum || draft.service) return super.post(draft, cause);
    return super.post({ ...draft, topic: draft.replyTo?.topic ?? draft.topic ?? generalTopic }, cause);
  }
}

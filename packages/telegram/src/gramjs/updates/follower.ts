import { within } from '@heavy/timing';
import type { BigInteger } from 'big-integer';
import { Api } from 'telegram';
import type { UpdateState, UpdateStore, UpdatesStatus } from '../../account.ts';
import { AuthLost, PeerUnknown, Refused } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Call } from '../connections.ts';
import { markedChannel } from '../ids.ts';
import { type MessageUpdate, messagesIn } from '../messages.ts';
import type { Peers } from '../peers.ts';
import { Box, type BoxUpdate } from './box.ts';
import { placed } from './classify.ts';
import { beginning, Differences, type Step } from './differences.ts';
import { History } from './history.ts';
import { OpenMessages } from './open-messages.ts';
import { patience } from './patience.ts';
import { Saver } from './saver.ts';
import { Turns } from './turns.ts';

export interface FollowerOptions {
  call: Call;
  peers: Peers;
  store: () => UpdateStore;
  /** Who the account is. */
  self: () => { id: number; isBot: boolean };
  /** Hands a message on; resolves when it has been dealt with, and rejects only because the account closes. */
  tell: (message: MessageUpdate, receivedAt: number) => Promise<void>;
  /** How far back messages are looked for in the chats themselves, in seconds. */
  recoverS: number;
  log: Logger;
  /** How long what is missing has to come by itself: https://core.telegram.org/api/updates#recovering-gaps. */
  gapMs?: number;
  /** How often it is asked whether something was missed that nothing has told of. */
  lookEveryMs?: number;
}

/** Messages that are told and not yet dealt with, beyond which nothing more is fetched, and pushes are left to a difference. */
const mostOpen = 1000;
const channelsAtOnce = 4;
/** What came before the state was read. More than that is fetched by the first difference. */
const mostEarly = 1000;

/** Follows the updates of an account: each is told once, none is left out (https://core.telegram.org/api/updates). */
export class Follower {
  readonly #options: Required<FollowerOptions>;
  readonly #channels = new Map<number, Box>();
  readonly #turns = new Turns(channelsAtOnce);
  readonly #closing = new AbortController();
  readonly #history: History;
  readonly #differences: Differences;
  readonly #open = new OpenMessages();
  #early: Api.TypeUpdates[] = [];
  #first: Api.updates.State | undefined;
  /** The account is followed for the first time, and where its channels stand is not known yet. */
  #isNew = false;
  #opening: Promise<void> | undefined;
  #account: Box | undefined;
  #saver: Saver | undefined;
  #state: Pick<UpdateState, 'qts' | 'seq' | 'date'> = { qts: 0, seq: 0, date: 0 };
  /** From when on everything is caught up on now and then. */
  #looking: NodeJS.Timeout | undefined;
  #lastUpdateAt: number | undefined;
  /** Of channels that were forgotten. */
  #counts = { gaps: 0, repeats: 0 };

  constructor(options: FollowerOptions) {
    this.#options = { gapMs: 500, lookEveryMs: 15 * 60_000, ...options };
    const { call, peers, recoverS, log } = options;
    const isRefused = (error: unknown) => error instanceof Refused || error instanceof PeerUnknown;
    const patiently = patience(this.#closing.signal, log, isRefused);
    this.#history = new History({ call, peers, patiently, recoverS, log });
    this.#differences = new Differences({
      ...{ call, peers, log, history: this.#history },
      isBot: () => options.self().isBot,
      room: () => this.#open.atMost(mostOpen / 2),
    });
  }

  get status(): UpdatesStatus {
    const boxes = [...(this.#account ? [this.#account] : []), ...this.#channels.values()];
    const sum = (of: 'gaps' | 'repeats') =>
      boxes.reduce((total, { counts }) => total + counts[of], this.#counts[of]);
    return {
      ...(this.#lastUpdateAt !== undefined && { lastUpdateAt: this.#lastUpdateAt }),
      pending: this.#open.size,
      lagMs: this.#open.lagMs,
      catchingUp: this.#looking === undefined || boxes.some(({ filling }) => filling),
      gaps: sum('gaps'),
      repeats: sum('repeats'),
    };
  }

  /** A new link is about to be up; the state is where an account begins that was never followed. */
  greeted(state: Api.updates.State): void {
    this.#first ??= state;
  }

  /** A new link is up: catches up on everything. */
  online(): void {
    if (this.#looking) this.#catchUp();
    else this.#opening ??= this.#begin();
  }

  receive(update: Api.TypeUpdates): void {
    if (this.#closing.signal.aborted) return;
    this.#options.peers.remember(update);
    this.#lastUpdateAt = Date.now();
    if (this.#account) this.#route(update, this.#account);
    else if (this.#early.length < mostEarly) this.#early.push(update);
  }

  /** Takes nothing more; what is told has `graceMs` to be dealt with, and that is written then. */
  async stop(graceMs: number): Promise<void> {
    this.#end();
    await within(this.#open.atMost(0), graceMs, () => new Error('messages are still being dealt with')).catch(
      () => undefined,
    );
    await this.#saver?.close();
  }

  /** Nothing is fetched or taken any more. */
  #end(): void {
    this.#closing.abort();
    clearInterval(this.#looking);
    this.#account?.close();
    for (const box of this.#channels.values()) box.close();
  }

  /** Reads where the account stands, and goes on from there. */
  async #begin(): Promise<void> {
    const { log, self } = this.#options;
    const store = this.#options.store();
    let known: UpdateState | null = null;
    const isRead = await this.#untilDone('The state of updates cannot be read', async () => {
      known = await store.load();
    });
    if (!isRead) return;
    const saver = new Saver(store, log);
    this.#isNew = known === null && !self().isBot;
    this.#start(known, saver);
    // Until then nothing is written: a process that ends here has never followed the account.
    if (this.#isNew && !(await this.#untilDone('The channels cannot be listed', () => this.#meetChannels())))
      return;
    this.#isNew = false;
    if (!(await this.#untilDone('The state of updates cannot be written', () => saver.open()))) return;
    this.#looking = setInterval(() => this.#catchUp(), this.#options.lookEveryMs);
    this.#catchUp();
  }

  #start(known: UpdateState | null, saver: Saver): void {
    const base = known ?? this.#first;
    if (!base) throw new Error('no link has been greeted yet');
    this.#saver = saver;
    this.#state = { qts: base.qts, seq: base.seq, date: base.date };
    if (!known) saver.change({ pts: base.pts, ...this.#state });
    for (const [id, pts] of known?.channels ?? []) this.#channels.set(id, this.#channelBox(id, pts));
    const account = this.#box(
      base.pts,
      (pts) => saver.change({ pts }),
      (box) => this.#accountDifference(box),
    );
    this.#account = account;
    this.#options.log.info(
      { pts: base.pts, channels: this.#channels.size },
      known ? 'Following updates from where they were left' : 'Following updates for the first time',
    );
    const early = this.#early;
    this.#early = [];
    for (const update of early) this.#route(update, account);
  }

  #catchUp(): void {
    this.#account?.fill();
    for (const box of this.#channels.values()) box.fill();
  }

  /** Where each channel stands that the account is in: from there on nothing is missed, though no update of it has come yet. */
  async #meetChannels(): Promise<void> {
    for await (const { id, pts } of this.#history.channels()) this.#channel(id, pts);
  }

  #route(update: Api.TypeUpdates, account: Box): void {
    if (update instanceof Api.UpdatesTooLong) account.fill();
    else if (update instanceof Api.UpdateShortMessage || update instanceof Api.UpdateShortChatMessage) {
      const [message] = messagesIn(update, this.#options.self().id);
      const { pts, ptsCount } = update;
      this.#offer(account, { pts, ptsCount, ...(message && { message }) });
    } else if (update instanceof Api.UpdateShort) {
      this.#place(update.update, account);
    } else if (update instanceof Api.Updates || update instanceof Api.UpdatesCombined) {
      for (const one of update.updates) this.#place(one, account);
      const from = update instanceof Api.UpdatesCombined ? update.seqStart : update.seq;
      // What was lost may have been the first of a channel: the date from which changed channels are asked for stays before it.
      if (from > this.#state.seq + 1) account.fill();
      else if (from > 0)
        this.#moved({
          seq: Math.max(this.#state.seq, update.seq),
          date: Math.max(this.#state.date, update.date),
        });
    }
  }

  #place(update: Api.TypeUpdate, account: Box): void {
    if (update instanceof Api.UpdatePtsChanged) account.fill();
    if (update instanceof Api.UpdateChannelTooLong) this.#look(update.channelId, update.pts);
    // Perhaps the account came into it, or had to leave.
    if (update instanceof Api.UpdateChannel && !this.#options.self().isBot) this.#look(update.channelId);
    const place = placed(update);
    if (!place) return;
    const { channel, update: counted } = place;
    if (channel === undefined) this.#offer(account, counted);
    else if (this.#channels.has(channel) || this.#isNew || this.#options.self().isBot)
      this.#offer(this.#channel(channel, counted.pts - counted.ptsCount), counted);
    // The first that was pushed need not be the first that was written.
    else this.#channel(channel, beginning).postpone(counted);
  }

  /** Something has happened in a channel; it may be one that nothing was known of. */
  #look(channelId: BigInteger, pts?: number | null): void {
    const id = markedChannel(channelId);
    if (this.#isNew && !this.#channels.has(id)) return;
    const box = this.#channel(id, beginning);
    if (!pts || pts > box.pts) box.fill();
  }

  /** What is too much at once is left for a difference, which waits until there is room. */
  #offer(box: Box, update: BoxUpdate): void {
    if (this.#open.size < mostOpen) box.offer(update);
    else box.postpone(update);
  }

  #moved(state: Step['state']): void {
    Object.assign(this.#state, state);
    this.#saver?.change(state);
  }

  #box(pts: number, onSettled: (pts: number) => void, fetch: (box: Box) => Promise<void>): Box {
    const { gapMs, log, tell } = this.#options;
    return new Box({
      ...{ pts, gapMs, log, onSettled },
      tell: (message) => this.#open.add((receivedAt) => tell(message, receivedAt)),
      fetch: async (box) => {
        await this.#untilDone('A difference cannot be fetched', () => fetch(box));
      },
    });
  }

  #channel(id: number, pts: number): Box {
    const known = this.#channels.get(id);
    if (known) return known;
    const box = this.#channelBox(id, pts);
    this.#channels.set(id, box);
    // Before the date moves on, after which Telegram does not mention it again.
    this.#saver?.channel(id, pts);
    return box;
  }

  #channelBox(id: number, pts: number): Box {
    const box: Box = this.#box(
      pts,
      (settled) => {
        // What is settled after the channel was forgotten must not bring it back.
        if (this.#channels.get(id) === box) this.#saver?.channel(id, settled);
      },
      () => this.#turns.take(() => this.#channelDifference(id, box)),
    );
    return box;
  }

  #accountDifference(account: Box): Promise<void> {
    const onStep = ({ state, others }: Step) => {
      for (const update of others) this.#place(update, account);
      this.#moved(state);
    };
    return account.hold(() => this.#differences.account(account, () => this.#state, onStep));
  }

  async #channelDifference(id: number, box: Box): Promise<void> {
    await box.hold(async () => {
      if (!(await this.#differences.channel(id, box))) this.#forget(id, box);
    });
  }

  #forget(id: number, box: Box): void {
    box.close();
    this.#channels.delete(id);
    this.#counts.gaps += box.counts.gaps;
    this.#counts.repeats += box.counts.repeats;
    this.#saver?.forget(id);
  }

  /** Tries for as long as the account is followed: false where that has ended. Never rejects. */
  async #untilDone(what: string, work: () => Promise<void>): Promise<boolean> {
    const { signal } = this.#closing;
    try {
      await patience(signal, this.#options.log)(what, work);
      return !signal.aborted;
    } catch (error) {
      if (error instanceof AuthLost) this.#end();
      return false;
    }
  }
}

import bigInt from 'big-integer';
import { Api } from 'telegram';
import type { UpdateState } from '../../account.ts';
import { PeerUnknown, Refused } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Call } from '../connections.ts';
import { unmarked } from '../ids.ts';
import type { MessageUpdate } from '../messages.ts';
import type { Peers } from '../peers.ts';
import type { Box } from './box.ts';
import { ofHistory, placed } from './classify.ts';
import type { History } from './history.ts';

export interface DifferencesOptions {
  call: Call;
  peers: Peers;
  history: History;
  isBot: () => boolean;
  /** Resolves when there is room for more messages. */
  room: () => Promise<void>;
  log: Logger;
}

/** What an account's difference says besides its messages. */
export interface Step {
  state: Partial<Pick<UpdateState, 'qts' | 'seq' | 'date'>>;
  /** What belongs to channels, or into no sequence. */
  others: readonly Api.TypeUpdate[];
}

/** The state of a channel of which nothing is known yet. */
export const beginning = 1;

/** Updates in one difference of a channel; Telegram gives users no more. */
const channelLimit = 100;

/** Messages of a history that are told at once. */
const partSize = 100;

/** Asks Telegram for what a box misses (https://core.telegram.org/api/updates#recovering-gaps). */
export class Differences {
  readonly #options: DifferencesOptions;

  constructor(options: DifferencesOptions) {
    this.#options = options;
  }

  /** Brings the account's own box up to date, and tells of each step. */
  async account(
    box: Box,
    state: () => Pick<UpdateState, 'qts' | 'date'>,
    onStep: (step: Step) => void,
  ): Promise<void> {
    for (;;) {
      await this.#options.room();
      const { qts, date } = state();
      const answer = await this.#ask(new Api.updates.GetDifference({ pts: box.pts, qts, date })).catch(
        unlessOutdated,
      );
      if (!answer || answer instanceof Api.updates.DifferenceTooLong) {
        await this.#startAfresh(box, answer?.pts);
        continue;
      }
      if (answer instanceof Api.updates.DifferenceEmpty) {
        onStep({ state: { seq: answer.seq, date: answer.date }, others: [] });
        return;
      }
      const isLast = answer instanceof Api.updates.Difference;
      const { pts, ...reached } = isLast ? answer.state : answer.intermediateState;
      const others = answer.otherUpdates.map((update) => ({ update, place: placed(update) }));
      const own = others.flatMap(({ place }) => (place && place.channel === undefined ? [place.update] : []));
      box.arrive(pts, [
        ...answer.newMessages.flatMap(ofHistory),
        ...own.flatMap(({ message }) => message ?? []),
      ]);
      onStep({
        state: { qts: reached.qts, seq: reached.seq, date: reached.date },
        others: others.flatMap(({ update, place }) =>
          !place || place.channel !== undefined ? [update] : [],
        ),
      });
      if (isLast) return;
    }
  }

  /** Brings a channel's box up to date. False where the account is not in that channel any more. */
  async channel(id: number, box: Box): Promise<boolean> {
    try {
      for (;;) {
        await this.#options.room();
        const outcome = await this.#channelStep(id, box);
        if (outcome !== 'more') return outcome === 'done';
      }
    } catch (error) {
      if (!(error instanceof PeerUnknown || isShutOut(error))) throw error;
      this.#options.log.info({ err: error, channel: id }, 'A channel tells no difference');
      box.skip();
      return error instanceof PeerUnknown;
    }
  }

  /** Telegram does not tell what happened since: what was written lately is looked for in the chats themselves. */
  async #startAfresh(box: Box, told: number | undefined): Promise<void> {
    const { history, isBot, log } = this.#options;
    const pts = told ?? (await this.#ask(new Api.updates.GetState())).pts;
    log.warn({ from: box.pts, to: pts }, 'Too many updates were missed; looking through the chats');
    if (!isBot()) for await (const messages of history.ofChats()) await this.#recover(box, messages);
    box.arrive(pts, []);
  }

  async #channelStep(id: number, box: Box): Promise<'more' | 'done' | 'left'> {
    const { history, isBot, log } = this.#options;
    const channel = await this.#inputChannel(id);
    if (box.pts <= beginning && !isBot()) return this.#meet(id, channel, box);
    const answer = await this.#ask(
      new Api.updates.GetChannelDifference({
        channel,
        filter: new Api.ChannelMessagesFilterEmpty(),
        pts: box.pts,
        limit: channelLimit,
      }),
    ).catch(unlessOutdated);
    if (!answer) {
      log.warn({ channel: id, pts: box.pts }, 'Telegram does not know this state of a channel');
      return this.#meet(id, channel, box);
    }
    const next = answer.final ? 'done' : 'more';
    if (answer instanceof Api.updates.ChannelDifferenceEmpty) {
      box.arrive(answer.pts, []);
      return next;
    }
    const joined = joinedAt(id, answer.chats);
    if (joined === null) return 'left';
    if (answer instanceof Api.updates.ChannelDifferenceTooLong) {
      const pts = answer.dialog instanceof Api.Dialog ? answer.dialog.pts : undefined;
      const messages = isBot() ? answer.messages.flatMap(ofHistory).reverse() : await history.of(id);
      await this.#recover(box, messages.filter(writtenSince(joined)));
      box.arrive(pts ?? box.pts, []);
      return next;
    }
    const messages = [
      ...answer.newMessages.flatMap(ofHistory),
      ...answer.otherUpdates.flatMap((update) => placed(update)?.update.message ?? []),
    ];
    box.arrive(answer.pts, messages.filter(writtenSince(joined)));
    return next;
  }

  /** Finds out where a channel stands, and what was written there lately. */
  async #meet(id: number, channel: Api.InputChannel, box: Box): Promise<'done' | 'left'> {
    const { history, isBot } = this.#options;
    const { fullChat, chats } = await this.#ask(new Api.channels.GetFullChannel({ channel }));
    if (!(fullChat instanceof Api.ChannelFull)) throw new PeerUnknown(id);
    const joined = joinedAt(id, chats);
    if (joined === null) return 'left';
    const messages = isBot() ? [] : await history.of(id);
    await this.#recover(box, messages.filter(writtenSince(joined)));
    box.arrive(fullChat.pts, []);
    return 'done';
  }

  /** Tells of a history as there is room for it. The box stays where it is: what a crash interrupts begins again. */
  async #recover(box: Box, messages: readonly MessageUpdate[]): Promise<void> {
    for (let from = 0; from < messages.length; from += partSize) {
      await this.#options.room();
      box.arrive(box.pts, messages.slice(from, from + partSize));
    }
  }

  async #inputChannel(id: number): Promise<Api.InputChannel> {
    const { accessHash } = (await this.#options.peers.inputPeer(id)) as Api.InputPeerChannel;
    return new Api.InputChannel({ channelId: bigInt(unmarked(id).bare), accessHash });
  }

  async #ask<R extends Api.AnyRequest>(request: R): Promise<R['__response']> {
    const answer = await this.#options.call(request);
    this.#options.peers.remember(answer);
    return answer;
  }
}

/**
 * Since when the account is in a channel, in Unix seconds, as far as Telegram says: `date` of a channel is when one joined it
 * (https://core.telegram.org/constructor/channel). Null where it has left.
 */
const joinedAt = (id: number, chats: readonly Api.TypeChat[]): number | null => {
  const channel = chats.find((chat) => chat instanceof Api.Channel && chat.id.equals(unmarked(id).bare));
  if (!(channel instanceof Api.Channel)) return 0;
  if (channel.left) return null;
  return channel.min ? 0 : channel.date;
};

/** What was written before the account came was not written for it. */
const writtenSince =
  (joined: number) =>
  ({ message }: MessageUpdate): boolean =>
    message.date >= joined;

/** Telegram's errors for a channel that the account may not see. */
const shutOut = new Set([
  'CHANNEL_INVALID',
  'CHANNEL_PRIVATE',
  'CHANNEL_PUBLIC_GROUP_NA',
  'CHAT_FORBIDDEN',
  'USER_BANNED_IN_CHANNEL',
]);

const isShutOut = (error: unknown): boolean => error instanceof Refused && shutOut.has(error.code);

/** Null where Telegram does not know the state that it was asked from. */
const unlessOutdated = (error: unknown): null => {
  if (error instanceof Refused && error.code.startsWith('PERSISTENT_TIMESTAMP')) return null;
  throw error;
};

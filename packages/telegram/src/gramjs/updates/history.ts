import bigInt from 'big-integer';
import { Api } from 'telegram';
import { PeerUnknown, Refused } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Call } from '../connections.ts';
import { markedId } from '../ids.ts';
import type { MessageUpdate } from '../messages.ts';
import type { Peers } from '../peers.ts';
import { ofHistory } from './classify.ts';
import type { Patience } from './patience.ts';

export interface HistoryOptions {
  call: Call;
  peers: Peers;
  /** Repeats each call until it is answered or refused: a long reading is not begun again for one wait in the middle. */
  patiently: Patience;
  /** How far back messages are of interest, in seconds. */
  recoverS: number;
  log: Logger;
}

interface DialogWithDate {
  dialog: Api.Dialog;
  /** Of its last message, in Unix seconds; undefined where that is not told. */
  date: number | undefined;
}

const pageSize = 100;
/** A message may be as much older than what makes it interesting: an edit, or clocks that differ. In seconds. */
const marginS = 120;

/** What is in the chats themselves, for where differences do not tell. A bot may not look there. */
export class History {
  readonly #options: HistoryOptions;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** The channels among the account's dialogs, and where each stands. */
  async *channels(): AsyncGenerator<{ id: number; pts: number }> {
    for await (const page of this.#dialogs())
      for (const { dialog } of page)
        if (dialog.peer instanceof Api.PeerChannel && dialog.pts)
          yield { id: markedId(dialog.peer), pts: dialog.pts };
  }

  /** The late messages of all private chats and basic groups, chat by chat. One that cannot be read is left out. */
  async *ofChats(): AsyncGenerator<MessageUpdate[]> {
    const since = this.#since;
    const isLate = ({ date }: DialogWithDate) => date === undefined || date >= since;
    for await (const page of this.#dialogs()) {
      for (const one of page) {
        const { peer } = one.dialog;
        if (peer instanceof Api.PeerChannel || !isLate(one)) continue;
        try {
          yield await this.of(markedId(peer));
        } catch (error) {
          if (!(error instanceof Refused || error instanceof PeerUnknown)) throw error;
          this.#options.log.info({ err: error, chatId: markedId(peer) }, 'A chat cannot be read');
        }
      }
      // Dialogs come by their last message, save the pinned ones, which come first.
      if (!page.some((one) => isLate(one) && !one.dialog.pinned)) return;
    }
  }

  /** The late messages of one chat, the oldest first. */
  async of(chatId: number): Promise<MessageUpdate[]> {
    const since = this.#since;
    const messages: MessageUpdate[] = [];
    const peer = await this.#inputPeer(chatId);
    for (let offsetId = 0; ; ) {
      const request = new Api.messages.GetHistory({
        ...{ peer, offsetId, limit: pageSize, hash: bigInt.zero },
        ...{ offsetDate: 0, addOffset: 0, maxId: 0, minId: 0 },
      });
      const answer = await this.#ask(request);
      const page = 'messages' in answer ? answer.messages : [];
      messages.push(...page.flatMap(ofHistory).filter(({ message }) => message.date >= since));
      const last = page.at(-1);
      if (!last || page.length < pageSize || ('date' in last && last.date < since)) return messages.reverse();
      offsetId = last.id;
    }
  }

  get #since(): number {
    return Math.floor(Date.now() / 1000) - this.#options.recoverS - marginS;
  }

  /** All dialogs, page by page (https://core.telegram.org/api/offsets), with the dates of their last messages. */
  async *#dialogs(): AsyncGenerator<DialogWithDate[]> {
    const seen = new Set<number>();
    let offset = { offsetDate: 0, offsetId: 0, offsetPeer: new Api.InputPeerEmpty() as Api.TypeInputPeer };
    for (;;) {
      const answer = await this.#ask(
        new Api.messages.GetDialogs({ ...offset, limit: pageSize, hash: bigInt.zero }),
      );
      if (answer instanceof Api.messages.DialogsNotModified) return;
      const dates = new Map(
        answer.messages.flatMap((one) =>
          one instanceof Api.MessageEmpty || !one.peerId
            ? []
            : [[`${markedId(one.peerId)} ${one.id}`, one.date]],
        ),
      );
      const dialogs = answer.dialogs
        .filter((one) => one instanceof Api.Dialog)
        .map((dialog) => ({ dialog, date: dates.get(`${markedId(dialog.peer)} ${dialog.topMessage}`) }));
      const fresh = dialogs.filter(({ dialog }) => !seen.has(markedId(dialog.peer)));
      for (const { dialog } of fresh) seen.add(markedId(dialog.peer));
      yield fresh;
      const last = dialogs.findLast(({ date }) => date !== undefined);
      if (!last || fresh.length === 0 || answer instanceof Api.messages.Dialogs) return;
      const offsetPeer = await this.#inputPeer(markedId(last.dialog.peer)).catch((error: unknown) => {
        if (error instanceof PeerUnknown) return new Api.InputPeerEmpty();
        throw error;
      });
      offset = { offsetDate: last.date ?? 0, offsetId: last.dialog.topMessage, offsetPeer };
    }
  }

  #inputPeer(chatId: number): Promise<Api.TypeInputPeer> {
    const { patiently, peers } = this.#options;
    return patiently('A chat cannot be looked up', () => peers.inputPeer(chatId));
  }

  async #ask<R extends Api.AnyRequest>(request: R): Promise<R['__response']> {
    const { patiently, call, peers } = this.#options;
    const answer = await patiently('A chat cannot be read', () => call(request));
    peers.remember(answer);
    return answer;
  }
}

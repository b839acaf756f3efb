import type { TextFormat } from '@heavy/contracts';
import { randomIdFrom, type TelegramAccount } from '@heavy/telegram';
import type { ReplyTarget } from './reply-target.ts';
import { cutText } from './text/cut-text.ts';
import type { FormattedText } from './text/formatted-text.ts';
import { parseText } from './text/parse-text.ts';
import { splitText } from './text/split-text.ts';
import { neverCommand } from './words.ts';

/** Telegram's limit of a text, in UTF-16 units. */
const textLimit = 4096;

/** Telegram's limit of a caption, in UTF-16 units. */
export const captionLimit = 1024;

const harmless = ({ text, entities }: FormattedText): FormattedText => ({
  text: neverCommand(text),
  entities,
});

/** The messages that a text goes out as. Always one at least: what has no text is for Telegram to refuse. */
export const textParts = (text: string, format: TextFormat | undefined): FormattedText[] => {
  const formatted = parseText(text, format);
  const parts = splitText(formatted, textLimit);
  return (parts.length > 0 ? parts : [formatted]).map(harmless);
};

/** A caption, and the messages that what does not fit into it goes out as. */
export const captionParts = (
  text: string,
  format: TextFormat | undefined,
): { caption: FormattedText; rest: FormattedText[] } => {
  const [caption, ...rest] = splitText(parseText(text, format), textLimit, captionLimit).map(harmless);
  return { caption: caption ?? { text: '', entities: [] }, rest };
};

/** A text as one message: an edit changes a message and posts none, so what is too long is cut. */
export const textOfEdit = (text: string, format: TextFormat | undefined): FormattedText =>
  harmless(cutText(parseText(text, format), textLimit));

interface Parts {
  chatId: number;
  parts: FormattedText[];
  /** What the first part's `random_id` is made of; the others' of this and their number. */
  randomKey: string;
  /** The number of the first part: more than 1 where something else was that. */
  firstNumber?: number;
  /** Is given the messages' ids. Of parts that say the same a repeat finds the same one. */
  posted: Set<number>;
}

/**
 * Sends the parts of a text in order, each to the same place. Goes on where it failed when it is called again; another process begins anew, and Telegram recognises what it has by the `random_id`.
 */
export const sendInParts = (
  account: TelegramAccount,
  { chatId, parts, randomKey, firstNumber = 1, posted }: Parts,
): ((target: ReplyTarget) => Promise<void>) => {
  let sent = 0;
  return async (target) => {
    for (const { text, entities } of parts.slice(sent)) {
      const number = firstNumber + sent;
      const randomId = randomIdFrom(number === 1 ? randomKey : `${randomKey}:${number}`);
      const { messageId } = await account.sendText({ chatId, text, entities, ...target, randomId });
      if (messageId !== null) posted.add(messageId);
      sent += 1;
    }
  };
};

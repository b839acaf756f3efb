import type { DataOf, telegramRaw } from '@heavy/contracts';
import type { HandlerContext } from '@heavy/messaging';

export type Raw = DataOf<typeof telegramRaw>;

/** What becomes of a command with one of our words. */
export type Typed = (data: Raw, context: HandlerContext) => Promise<void> | void;

/** A command's own text without its word. Blanked rather than cut, so that entity offsets stay true. */
export const ownText = (text: string): string =>
  text.replace(/^\s*\.\S+/u, (word) => ' '.repeat(word.length));

import type { Entity } from '@heavy/telegram';

/** A text and its formatting. Offsets and lengths are in UTF-16 units, as Telegram counts. */
export interface FormattedText {
  text: string;
  entities: Entity[];
}

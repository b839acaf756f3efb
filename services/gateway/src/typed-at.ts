import type { IncomingMessage } from '@heavy/telegram';

/** For so long after it was sent, a message may still become a command. */
const editableS = 60;

/**
 * When a message was typed as it now is, in Unix seconds; null for an edit that is none or comes too late. Telegram tells of a
 * reaction or a link preview as of an edit, without a date of its own or with a late one.
 */
export const typedAt = ({
  date,
  edited,
  editDate,
}: Pick<IncomingMessage, 'date' | 'edited' | 'editDate'>): number | null => {
  if (!edited) return date;
  return editDate !== undefined && editDate - date <= editableS ? editDate : null;
};

import type { AccessEntry, AccessWord, Changed } from '@heavy/access';
import type { MeantUser } from './meant-user.ts';
import { untilText } from './time-text.ts';

/** What an admin changed by a word. */
export interface Made extends Changed {
  word: AccessWord;
  /** In seconds, where it has an end. */
  durationS?: number;
}

/** `until …`, or what is said in its place. */
const end = ({ entry, durationS }: Made, forEver: string): string =>
  entry?.until === undefined || durationS === undefined ? forEver : `${untilText(entry.until, durationS)}.`;

/** Says what now holds of the chat and until when. Begins with a letter. */
export const chatText = (made: Made): string => {
  const { word, before } = made;
  if (word === 'grace')
    return `Everybody in this chat who is not banned may use the commands ${end(made, 'from now on.')}`;
  if (word === 'smite')
    return `Nobody in this chat but admins may use the commands ${end(made, 'any more. Lift it with .pardon.')}`;
  return before
    ? `This chat is no longer ${before.standing}: it is like any other.`
    : 'This chat was neither graced nor smitten: it is like any other.';
};

const pardonText = (who: string, before: AccessEntry | null, chat: AccessEntry | null): string => {
  const said = before
    ? `${who} is no longer ${before.standing}, and is like anybody else.`
    : `${who} was neither blessed nor banned, and is like anybody else.`;
  if (chat?.standing === 'smitten')
    return `${said} This chat is smitten, though, so nobody but admins may use the commands here.`;
  if (chat?.standing === 'graced')
    return `${said} This chat is graced, so everybody may use the commands here.`;
  return said;
};

/**
 * Says what now holds of a user and until when, and where what was said of the chat comes first. Begins with what the user is
 * called, which is no dot.
 */
export const userText = (
  made: Made,
  { who, handle }: Pick<MeantUser, 'who' | 'handle'>,
  chat: AccessEntry | null,
): string => {
  const { word, before } = made;
  if (word === 'hammer')
    return `${who} may not use the commands anywhere ${end(made, `any more. Lift it with .pardon ${handle}.`)}`;
  if (word === 'pardon') return pardonText(who, before, chat);
  const but =
    chat?.standing === 'smitten' ? ' Not in this chat, though: it is smitten, and that comes first.' : '';
  return `${who} may use the commands everywhere ${end(made, 'from now on.')}${but}`;
};

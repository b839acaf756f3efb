import { durationText } from '@heavy/access';
import type { Auth } from '@heavy/contracts';
import { untilText } from './time-text.ts';
import type { Raw } from './word-arguments.ts';

const byChat = ({ by }: Auth): boolean => by === 'chat';

/** What somebody is, and what that lets them do: a sentence that goes on with until when. */
const sentences: Record<Auth['role'], (auth: Auth) => string> = {
  admin: () => 'You are an admin: you may use every command, without a limit',
  banned: (auth) =>
    byChat(auth)
      ? 'This chat is smitten: nobody but admins may use the commands here'
      : 'You are banned: an admin has decided that you may not use the commands',
  blessed: (auth) =>
    byChat(auth)
      ? 'This chat is graced: everybody here may use the commands'
      : 'You are blessed: you may use the commands in this chat and elsewhere',
  unmolested: ({ mayUse }) =>
    mayUse === false
      ? 'You are unmolested: no word of an admin about you or this chat is in force, and the commands are not open to everybody here'
      : 'You are unmolested: no word of an admin about you or this chat is in force, and the commands are open to everybody here',
};

const requestsText = ({ role, mayUse, requests }: Auth): string[] => {
  if (!requests || mayUse === false || role === 'banned') return [];
  const { limit, left, resetS } = requests;
  const again = resetS > 0 && left < limit ? `; all ${limit} are back in ${durationText(resetS)}` : '';
  return [`You have ${left} of ${limit} requests left${again}.`];
};

/** The last line is for admins, who may have to name somebody by id. */
const idsText = ({ sender, chat }: Raw): string =>
  `${sender.id < 0 ? 'You post as' : 'Your id'}: ${sender.id}, this chat: ${chat.id}`;

/** Answers `.whoami`: what the sender is, by what, until when, and what is left of the window. */
export const whoamiText = (data: Raw): string => {
  const { auth, receivedAt } = data;
  const { until, role } = auth;
  const end =
    until === undefined ? '' : `, ${untilText(until, (Date.parse(until) - Date.parse(receivedAt)) / 1000)}`;
  return [`${sentences[role](auth)}${end}.`, ...requestsText(auth), idsText(data)].join('\n');
};

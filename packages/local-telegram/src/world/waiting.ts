import type { WorldChat } from './chat.ts';
import type { WorldMessage } from './message.ts';
import type { WorldUser } from './user.ts';

export interface Awaited {
  readonly from?: WorldUser | string;
  readonly replyTo?: WorldMessage;
  readonly where?: (message: WorldMessage) => boolean;
  /** 30 seconds unless said otherwise. */
  readonly timeoutMs?: number;
}

/** Nothing that was waited for came in time; the message says what came instead. */
export class WaitTimeout extends Error {
  override readonly name = 'WaitTimeout';
}

export type MessageChange = 'new' | 'edit' | 'delete' | 'reactions';
export type ChangeListener = (change: MessageChange, message: WorldMessage) => void;

/** Where changes of messages are heard, and the signal of the end. */
export interface Changes {
  readonly closed: AbortSignal;
  /** Returns the unsubscribe function. */
  onChange(listener: ChangeListener): () => void;
}

/** The first message of a chat that `accepts` takes, among changes from now on; `timeoutMs` later, an error. */
const nextChange = (
  changes: Changes,
  chat: WorldChat,
  accepts: (change: MessageChange, message: WorldMessage) => boolean,
  timeoutMs: number,
): Promise<WorldMessage> => {
  const waiting = new Promise<WorldMessage>((resolve, reject) => {
    const seen: string[] = [];
    const settle = (done: () => void) => {
      clearTimeout(timer);
      unsubscribe();
      changes.closed.removeEventListener('abort', onClose);
      done();
    };
    const fail = (what: string) =>
      settle(() => {
        const instead = seen.length === 0 ? 'nothing came' : `what came: ${seen.join(' | ')}`;
        reject(new WaitTimeout(`${what} in "${chat.title}"; ${instead}`));
      });
    const onClose = () => fail('the data centre closed while a message was waited for');
    const timer = setTimeout(() => fail(`waited ${timeoutMs} ms for a message`), timeoutMs);
    const unsubscribe = changes.onChange((change, message) => {
      if (message.chat !== chat || message.service) return;
      seen.push(`${change} ${message}`);
      if (accepts(change, message)) settle(() => resolve(message));
    });
    changes.closed.addEventListener('abort', onClose);
    if (changes.closed.aborted) onClose();
  });
  // A test that failed before it awaited this has its own error to show, not an unhandled rejection of ours.
  waiting.catch(() => undefined);
  return waiting;
};

const nameOf = (user: WorldUser | string): string => (typeof user === 'string' ? user : user.name);

/** The next message posted to the chat from now on that is as described. */
export const nextMessage = (changes: Changes, chat: WorldChat, wanted: Awaited): Promise<WorldMessage> =>
  nextChange(
    changes,
    chat,
    (change, message) =>
      change === 'new' &&
      (wanted.from === undefined || message.from.name === nameOf(wanted.from)) &&
      (wanted.replyTo === undefined || message.replyTo === wanted.replyTo) &&
      (wanted.where?.(message) ?? true),
    wanted.timeoutMs ?? 30_000,
  );

/** A message that fulfils the condition: one that is there, or one that comes, is edited or reacted to. */
export const waitFor = (
  changes: Changes,
  chat: WorldChat,
  condition: (message: WorldMessage) => boolean,
  timeoutMs: number,
): Promise<WorldMessage> => {
  const there = chat.messages().find(condition);
  if (there) return Promise.resolve(there);
  return nextChange(changes, chat, (change, message) => change !== 'delete' && condition(message), timeoutMs);
};

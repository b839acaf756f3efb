import { setTimeout as delay } from 'node:timers/promises';
import type { World, WorldMessage } from '@heavy/local-telegram';
import type { Cast } from './cast.ts';
import type { Step } from './script.ts';

/** A status message is no outcome: it says where the work stands. */
export const isStatus = (message: WorldMessage): boolean => !message.media && message.text.startsWith('… ');

/** What the account has said to a message and not taken back. */
const answersTo = (command: WorldMessage, account: Cast['account']): WorldMessage[] =>
  command.chat.messages().filter((message) => message.replyTo === command && message.from === account);

const hasEnded = (command: WorldMessage, account: Cast['account']): boolean => {
  const answers = answersTo(command, account);
  return answers.length > 0 && !answers.some(isStatus);
};

/** Resolves when the command has its outcome and its status message is gone, or when the signal aborts. */
const outcomeOf = (
  world: World,
  command: WorldMessage,
  account: Cast['account'],
  signal: AbortSignal,
): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (signal.aborted || hasEnded(command, account)) resolve();
  };
  const stopListening = world.on('event', look);
  signal.addEventListener('abort', look);
  look();
  return promise.finally(() => {
    signal.removeEventListener('abort', look);
    stopListening();
  });
};

/** What came of one step. `answers` is empty for a step that is no command, and for one without an outcome in time. */
export interface Played {
  message: WorldMessage;
  isCommand: boolean;
  answers: () => WorldMessage[];
}

interface Stage {
  world: World;
  cast: Cast;
  isCommand: (message: WorldMessage) => boolean;
  /** How long a command's outcome is waited for. */
  timeoutMs: number;
  /** Breaks the conversation off. */
  signal: AbortSignal;
}

/** Plays a conversation step by step, and waits for each command's outcome before the next. */
export const play = async (steps: Step[], stage: Stage): Promise<(Played | null)[]> => {
  const { world, cast, isCommand, timeoutMs, signal } = stage;
  const played: (Played | null)[] = [];
  for (const step of steps) {
    if (signal.aborted) break;
    if (step.kind === 'wait') {
      // An abort ends the wait, and then the loop.
      await delay(step.seconds * 1000, undefined, { signal }).catch(() => undefined);
      played.push(null);
      continue;
    }
    const replyTo = step.replyTo === undefined ? undefined : played[step.replyTo - 1]?.message;
    const message = cast.say(step, step.text, replyTo);
    const command = isCommand(message);
    if (command) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      await outcomeOf(world, message, cast.account, limit);
    }
    played.push({
      message,
      isCommand: command,
      answers: () => (command ? answersTo(message, cast.account) : []),
    });
  }
  return played;
};

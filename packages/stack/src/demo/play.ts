import { setTimeout as delay } from 'node:timers/promises';
import type { World, WorldMessage } from '@heavy/local-telegram';
import type { Cast } from './cast.ts';
import type { CorrelationTap } from './correlation-tap.ts';
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

/**
 * What came of one step. `answers` is empty for a step that is no command, for one that was refused, and for one without an
 * outcome in time.
 */
export interface Played {
  message: WorldMessage;
  isCommand: boolean;
  isRefused: () => boolean;
  answers: () => WorldMessage[];
}

interface Stage {
  world: World;
  cast: Cast;
  tap: Pick<CorrelationTap, 'refused'>;
  isCommand: (message: WorldMessage) => boolean;
  /** How long a command's outcome is waited for. */
  timeoutMs: number;
  /** Breaks the conversation off. */
  signal: AbortSignal;
}

/** Plays a conversation step by step, and waits for each command's outcome: before the next step, or at the end. */
export const play = async (steps: Step[], stage: Stage): Promise<(Played | null)[]> => {
  const { world, cast, tap, isCommand, timeoutMs, signal } = stage;
  const played: (Played | null)[] = [];
  const outcomes: Promise<void>[] = [];
  for (const step of steps) {
    if (signal.aborted) break;
    if (step.kind === 'wait') {
      // An abort ends the wait, and then the loop.
      await delay(step.seconds * 1000, undefined, { signal }).catch(() => undefined);
      played.push(null);
      continue;
    }
    const before = step.replyTo && played[step.replyTo.step - 1];
    const replyTo = step.replyTo?.part === 'answer' ? before?.answers()[0] : before?.message;
    const message = cast.say(step, step.text, replyTo);
    const command = isCommand(message);
    const refusal = new AbortController();
    if (command) {
      void tap.refused(cast.chatIdOf(message.chat), cast.idOf(message)).then(() => refusal.abort());
      const limit = AbortSignal.any([signal, refusal.signal, AbortSignal.timeout(timeoutMs)]);
      const outcome = outcomeOf(world, message, cast.account, limit);
      outcomes.push(outcome);
      if (!step.meanwhile) await outcome;
    }
    played.push({
      message,
      isCommand: command,
      isRefused: () => refusal.signal.aborted,
      answers: () => (command ? answersTo(message, cast.account) : []),
    });
  }
  await Promise.all(outcomes);
  return played;
};

import { setTimeout as delay } from 'node:timers/promises';
import type { World, WorldMessage } from '@heavy/local-telegram';
import type { Cast } from './cast.ts';
import type { Step } from './script.ts';

/** A status message is no outcome: it says where the work stands. */
const isStatus = (message: WorldMessage): boolean => !message.media && message.text.startsWith('… ');

/** What the account has said to a message and not taken back. */
export const answersTo = (command: WorldMessage, account: Cast['account']): WorldMessage[] =>
  command.chat.messages().filter((message) => message.replyTo === command && message.from === account);

const hasEnded = (command: WorldMessage, account: Cast['account']): boolean => {
  const answers = answersTo(command, account);
  return answers.length > 0 && !answers.some(isStatus);
};

/** Resolves when the command has its outcome and its status message is gone; false after `timeoutMs`. */
const outcomeOf = (
  world: World,
  command: WorldMessage,
  account: Cast['account'],
  timeoutMs: number,
): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const look = () => {
    if (hasEnded(command, account)) resolve(true);
  };
  const stopListening = world.on('event', look);
  const timer = setTimeout(() => resolve(false), timeoutMs);
  look();
  return promise.finally(() => {
    clearTimeout(timer);
    stopListening();
  });
};

/** What came of one step. `answers` is empty for a step that is no command, and for one without an outcome in time. */
export interface Played {
  message: WorldMessage;
  isCommand: boolean;
  answers: () => WorldMessage[];
}

/** Plays a conversation step by step, and waits for each command's outcome before the next. */
export const play = async (
  steps: Step[],
  {
    world,
    cast,
    isCommand,
    timeoutMs,
  }: { world: World; cast: Cast; isCommand: (m: WorldMessage) => boolean; timeoutMs: number },
): Promise<(Played | null)[]> => {
  const played: (Played | null)[] = [];
  for (const step of steps) {
    if (step.kind === 'wait') {
      await delay(step.seconds * 1000);
      played.push(null);
      continue;
    }
    const replyTo = step.replyTo === undefined ? undefined : played[step.replyTo - 1]?.message;
    const message = cast.say(step, step.text, replyTo);
    const command = isCommand(message);
    if (command) await outcomeOf(world, message, cast.account, timeoutMs);
    played.push({
      message,
      isCommand: command,
      answers: () => (command ? answersTo(message, cast.account) : []),
    });
  }
  return played;
};

import type { MediaStore } from '@heavy/media';
import type { Handler } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import type { TelegramAccount } from '@heavy/telegram';
import type { Redis } from 'ioredis';
import { createAnswers } from './answers.ts';
import { mediaFailed } from './handlers/media-failed.ts';
import { mediaReady } from './handlers/media-ready.ts';
import { progressMade } from './handlers/progress-made.ts';
import { telegramCommands } from './handlers/telegram-commands.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { createOutcome } from './outcome.ts';
import { createStatus } from './status.ts';

/** Everything that the sender does, as handlers of its queue. */
export const senderHandlers = (deps: {
  account: TelegramAccount;
  store: MediaStore;
  redis: Redis;
  log: Logger;
  statusIntervalMs: number;
}): Handler[] => {
  const { account, store, redis, log } = deps;
  const answers = createAnswers(redis);
  const status = createStatus({ account, answers, intervalMs: deps.statusIntervalMs, log });
  const inOrder = oneAtATime();
  const outcome = createOutcome({ account, answers, status, inOrder, log });
  return [
    progressMade({ answers, status, inOrder }),
    ...mediaReady({ account, store, outcome, status, log }),
    ...mediaFailed(outcome),
    ...telegramCommands({ account, outcome, inOrder, log }),
  ];
};

import type { MediaStore, Splitter } from '@heavy/media';
import type { Handler } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import type { TelegramAccount } from '@heavy/telegram';
import type { Redis } from 'ioredis';
import pLimit from 'p-limit';
import { createAnswers } from './answers.ts';
import { createBegunUploads } from './begun-uploads.ts';
import { createDocuments } from './documents.ts';
import { mediaFailed } from './handlers/media-failed.ts';
import { mediaReady } from './handlers/media-ready.ts';
import { progressMade } from './handlers/progress-made.ts';
import { telegramCommands } from './handlers/telegram-commands.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { createMediaMessages } from './media-message.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { createOutcome } from './outcome.ts';
import { forOwnAccount } from './own-account.ts';
import type { Pace } from './pace/pace.ts';
import { createPartPlans } from './parts/part-plans.ts';
import { createSendMedia } from './parts/send-media.ts';
import { patiently } from './patience.ts';
import { createPosted } from './posted.ts';
import { createStatus } from './status.ts';
import type { Strangers } from './strangers.ts';

/** Everything that the sender does, as handlers of its queue. */
export const senderHandlers = (deps: {
  account: TelegramAccount;
  store: MediaStore;
  splitter: Splitter;
  redis: Redis;
  log: Logger;
  pace: Pace;
  strangers: Strangers;
  statusIntervalMs: number;
  /** Calls to Telegram at the same time, beside the parts of uploads. */
  callsAtOnce: number;
  uploadsAtOnce: number;
}): Handler[] => {
  const { account, store, redis, log, pace, strangers } = deps;
  const answers = createAnswers(redis);
  const documents = createDocuments(redis);
  const begunUploads = createBegunUploads(redis, log);
  const limit = pLimit(deps.callsAtOnce);
  const lanes = createLanes({ pace, limit, log });
  const post: Lanes['post'] = (one, call, signal) =>
    lanes.post(one, () => strangers.guard(one, call), signal);
  const ask = patiently({ post }, limit, log);
  const status = createStatus({
    account,
    answers,
    pace,
    strangers,
    limit,
    intervalMs: deps.statusIntervalMs,
    log,
  });
  const inOrder = oneAtATime();
  const postedBy = createPosted();
  const outcome = createOutcome({ account, answers, status, ask, postedBy, inOrder, log });
  const uploads = pLimit(deps.uploadsAtOnce);
  const send = createMediaMessages({ account, store, documents, begunUploads, ask, uploads, log });
  const plans = createPartPlans(redis);
  const sendMedia = createSendMedia({ account, ask, send, splitter: deps.splitter, plans, store, log });
  return [
    progressMade({ status, inOrder }),
    ...mediaReady({ account, sendMedia, ask, outcome, postedBy, status, log }),
    ...mediaFailed(outcome),
    ...telegramCommands({ account, outcome, ask, postedBy, log }),
  ].map((handler) => forOwnAccount(handler, account.identity, log));
};

import { queues } from '@heavy/contracts';
import { storeFromSettings } from '@heavy/media';
import { runService } from '@heavy/service';
import { accountFromSettings } from '@heavy/telegram';
import { createAnswers } from './answers.ts';
import { senderConfig } from './config.ts';
import { mediaFailed } from './handlers/media-failed.ts';
import { mediaReady } from './handlers/media-ready.ts';
import { progressMade } from './handlers/progress-made.ts';
import { telegramCommands } from './handlers/telegram-commands.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { createOutcome } from './outcome.ts';
import { createStatus } from './status.ts';

await runService('sender', senderConfig, async ({ config, log, redis, broker, check, onStop }) => {
  const account = accountFromSettings(config, { log, redis });
  onStop(() => account.close());
  check('telegram', () => ({ ok: account.state === 'connected', detail: account.state }));
  const store = storeFromSettings(config);
  const answers = createAnswers(redis);
  const status = createStatus({ account, answers, intervalMs: config.STATUS_INTERVAL_MS, log });
  const inOrder = oneAtATime();
  const outcome = createOutcome({ account, answers, status, inOrder, log });

  await account.connect();
  const handlers = [
    progressMade({ answers, status, inOrder }),
    ...mediaReady({ account, store, outcome, status, log }),
    ...mediaFailed(outcome),
    ...telegramCommands({ account, outcome, inOrder, log }),
  ];
  await broker.consume(queues.sender, handlers, { prefetch: config.MAX_IN_FLIGHT });
});

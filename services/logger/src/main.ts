import { queues } from '@heavy/contracts';
import { runService } from '@heavy/service';
import { config } from './config.ts';
import { consumeLogs } from './consume-logs.ts';
import { commandWords, whyAsked } from './handlers/why-asked.ts';
import { openLogReader } from './log-query.ts';
import { openLogStore } from './log-store.ts';
import { keepPruned } from './prune.ts';

await runService('logger', config, async (service) => {
  const { log, redis } = service;
  const { LOGS_DB, LOG_RETENTION_DAYS: days, LOG_RETENTION_ROWS: rows, RABBITMQ_URL: url } = service.config;
  const store = openLogStore(LOGS_DB);
  service.onStop(store.close);
  const reader = openLogReader(LOGS_DB);
  service.onStop(reader.close);

  const consumer = consumeLogs({ url, store, log });
  service.onStop(consumer.close);
  service.check('logs queue', () => ({ ok: consumer.state.consuming }));
  service.check('database', () => ({ ok: consumer.state.storing }));

  service.onStop(keepPruned({ store, retention: { days, rows }, log }));
  await consumer.started;

  await service.broker.consume(queues.history, [whyAsked({ reader, redis, log })]);
  // Last: from now on the gateway publishes these commands, and there must be a queue for them.
  await service.registerCommands(commandWords);
});

import { runService } from '@heavy/service';
import { config } from './config.ts';
import { consumeLogs } from './consume-logs.ts';
import { openLogStore } from './log-store.ts';
import { keepPruned } from './prune.ts';

await runService('logger', config, async (service) => {
  const { LOGS_DB, LOG_RETENTION_DAYS: days, LOG_RETENTION_ROWS: rows, RABBITMQ_URL: url } = service.config;
  const store = openLogStore(LOGS_DB);
  service.onStop(store.close);

  const consumer = consumeLogs({ url, store, log: service.log });
  service.onStop(consumer.close);
  service.check('logs queue', () => ({ ok: consumer.state.consuming }));
  service.check('database', () => ({ ok: consumer.state.storing }));

  service.onStop(keepPruned({ store, retention: { days, rows }, log: service.log }));
  await consumer.started;
});

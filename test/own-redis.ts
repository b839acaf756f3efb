import { inject } from 'vitest';

// Files that run at the same time empty their databases and count the keys in them: each worker has a server to itself.
// biome-ignore lint/suspicious/noUndeclaredEnvVars: Vitest sets it in each worker.
const own = inject('redisOfWorkers')[Number(process.env['VITEST_POOL_ID']) - 1];
if (own === undefined)
  throw new Error('There are more workers than Redis servers: see test/infrastructure.ts.');
Object.assign(inject('redis'), { url: own });

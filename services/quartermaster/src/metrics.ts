import type { JobQueue } from '@heavy/downloads';
import { Gauge, type Registry } from 'prom-client';

/** Jobs by state, counted when the page is asked for. */
export const jobMetrics = (jobs: Pick<JobQueue, 'counts'>, registry: Registry): void => {
  new Gauge({
    name: 'heavy_jobs',
    help: 'Large downloads by state: active, wait and prioritized (in line), delayed (to be tried again), failed (kept)',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      for (const [state, count] of Object.entries(await jobs.counts())) this.set({ state }, count);
    },
  });
};

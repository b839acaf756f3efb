import { Histogram, type Registry } from 'prom-client';

/** Observes the seconds from receiving an update to the broker's confirm of its event. */
export const dispatchHistogram = (registry: Registry): ((seconds: number) => void) => {
  const histogram = new Histogram({
    name: 'heavy_gateway_dispatch_seconds',
    help: 'From receiving an update to the confirmed publication of its event',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    registers: [registry],
  });
  return (seconds) => histogram.observe(seconds);
};

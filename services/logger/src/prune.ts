import type { MessagingLogger } from '@heavy/messaging';
import type { LogStore, Retention } from './log-store.ts';

export interface PruneOptions {
  store: Pick<LogStore, 'prune'>;
  retention: Retention;
  log: MessagingLogger;
}

const everyMs = 60_000;
/** Between two parts of a large deletion, so that lines can be stored meanwhile. */
const pauseMs = 50;

/** Applies the retention now and every minute; returns the function that ends it. */
export const keepPruned = ({ store, retention, log }: PruneOptions): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  const prune = (): void => {
    let delayMs = everyMs;
    try {
      if (store.prune(retention) > 0) delayMs = pauseMs;
    } catch (err) {
      log.error({ err }, 'old log lines cannot be deleted');
    }
    timer = setTimeout(prune, delayMs);
  };
  prune();
  return () => clearTimeout(timer);
};

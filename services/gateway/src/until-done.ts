import type { Logger } from '@heavy/service';

/**
 * A listener that nobody waits for, made of work that somebody must: `done` resolves when all of it has ended. What fails
 * is logged.
 */
export const untilDone = <T>(work: (item: T) => Promise<void>, log: Logger) => {
  const running = new Set<Promise<void>>();
  return {
    listener: (item: T): void => {
      const one = work(item).catch((err: unknown) => log.error({ err }, 'a message could not be published'));
      running.add(one);
      void one.finally(() => running.delete(one));
    },
    done: async (): Promise<void> => {
      await Promise.all(running);
    },
  };
};

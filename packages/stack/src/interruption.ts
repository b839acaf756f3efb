import { surroundings } from './config.ts';

const pollMs = 500;

/**
 * Aborts when this process is asked to end: Ctrl-C, SIGTERM, SIGHUP, and the end of the npm script that started it, even by
 * `kill -9`. From the call on none of these signals ends the process by itself: a second Ctrl-C must not break off the
 * stopping of the others.
 */
export const interruption = (): AbortSignal => {
  const controller = new AbortController();
  const abort = (why: string): void => controller.abort(new Error(why));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => abort(`${signal} received`));
  const parent = process.ppid;
  if (surroundings().underNpm)
    setInterval(() => {
      if (process.ppid !== parent) abort('the parent process is gone');
    }, pollMs).unref();
  return controller.signal;
};

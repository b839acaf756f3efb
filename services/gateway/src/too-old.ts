import type { Logger } from '@heavy/service';

/** Our clock and Telegram's may differ by so much. */
const leewayS = 5;
const quietMs = 1000;

/** Whether what was typed then is too old to be run, by when it reached this process. */
export const isTooOld = (typedAtS: number, receivedAtMs: number, maxAgeS: number): boolean =>
  receivedAtMs / 1000 - typedAtS > maxAgeS + leewayS;

/** Counts commands that are too old, and logs their number once none has come for a second, or when the signal aborts. */
export const countTooOld = (log: Logger, signal: AbortSignal): (() => void) => {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (count > 0) log.warn({ count }, 'commands that were too old were not run');
    count = 0;
  };
  signal.addEventListener('abort', tell, { once: true });
  return () => {
    count += 1;
    if (timer) timer.refresh();
    else timer = setTimeout(tell, quietMs);
  };
};

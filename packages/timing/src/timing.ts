/** Rejects with `late()` where `promise` takes longer than `ms`. The work itself is not ended; leaves no timer behind. */
export const within = <T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), Math.max(0, ms));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });

/** Rejects with the signal's reason as soon as it aborts, whatever becomes of the promise; leaves no listener behind. */
export const untilAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });

/** Sleeps; rejects with the signal's reason when it aborts. */
export const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await untilAborted(promise, signal);
  } finally {
    clearTimeout(timer);
  }
};

/** Exponential backoff with jitter: half of `firstMs · 2^attempt` (at most `maxMs`) for certain, half by chance. */
export const backoffMs = (
  attempt: number,
  { firstMs, maxMs }: { firstMs: number; maxMs: number },
): number => {
  const full = Math.min(maxMs, firstMs * 2 ** attempt);
  return full / 2 + (Math.random() * full) / 2;
};

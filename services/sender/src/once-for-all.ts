import { untilAborted } from '@heavy/timing';

type Watcher = (sentBytes: number) => void;

interface Flight<T> {
  result: Promise<T>;
  watchers: Set<Watcher>;
}

/** Who is told of one step: each may be a call to Telegram. */
const toldPerStep = 20;

/**
 * Does what several want at the same time once: the first does it, the others wait and share the result. Where it fails
 * for the one who does it, the next tries itself. The progress is told to each, at most to the 20 who have been there longest.
 */
export const onceForAll = <T>() => {
  const flights = new Map<string, Flight<T>>();

  const lead = (key: string, work: (onProgress: Watcher) => Promise<T>, onProgress: Watcher): Promise<T> => {
    const watchers = new Set([onProgress]);
    const run = async () => {
      try {
        return await work((sentBytes) => {
          for (const watcher of [...watchers].slice(0, toldPerStep)) watcher(sentBytes);
        });
      } finally {
        // Before anybody hears of the end: whoever then comes, or tries again, begins anew.
        flights.delete(key);
      }
    };
    const result = run();
    flights.set(key, { result, watchers });
    return result;
  };

  return async (
    key: string,
    work: (onProgress: Watcher) => Promise<T>,
    { signal, onProgress }: { signal: AbortSignal; onProgress: Watcher },
  ): Promise<T> => {
    for (;;) {
      signal.throwIfAborted();
      const flight = flights.get(key);
      if (!flight) return lead(key, work, onProgress);
      flight.watchers.add(onProgress);
      try {
        return await untilAborted(flight.result, signal);
      } catch {
        // The failure is told to the one whose it is; this one tries itself, unless it is aborted.
      } finally {
        flight.watchers.delete(onProgress);
      }
    }
  };
};

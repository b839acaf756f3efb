import { untilAborted } from '@heavy/timing';

/** What those who share one thing see of it. */
interface Shared<T> {
  /** Has the thing made when its turn has come. Rejects where that fails, and with the signal's reason when it aborts. */
  source: (signal: AbortSignal) => Promise<T>;
  /** Runs tasks of all who share it one after another. */
  oneAtATime: <R>(task: () => Promise<R>) => Promise<R>;
}

/** Makes a thing, and takes it away when `use` has settled; the signal aborts when nobody wants it any more. */
type Having<T> = (use: (thing: T) => Promise<void>, signal: AbortSignal) => Promise<void>;

interface Sharing<T> extends Shared<T> {
  users: number;
  /** Resolves when the thing is gone, where it was ever there. */
  end: () => Promise<void>;
}

/** Runs tasks one after another; one that fails does not hold up the next. */
const inTurn = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <R>(task: () => Promise<R>): Promise<R> => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
};

/**
 * Things that are costly to have, of which there is one at a time. Whoever wants one shares it with all who want the same at
 * the time; it goes when the last of them has ended, and then the next is made.
 */
export const createTurns = <T>() => {
  const sharings = new Map<string, Sharing<T>>();
  const turn = inTurn();

  const open = (key: string, having: Having<T>): Sharing<T> => {
    const ended = Promise.withResolvers<void>();
    const unwanted = new AbortController();
    let source: Promise<T> | undefined;
    let gone: Promise<unknown> | undefined;
    const sharing: Sharing<T> = {
      users: 0,
      end: async () => {
        sharings.delete(key);
        ended.resolve();
        unwanted.abort(new Error('nobody wants it any more'));
        // That it could not be made, or not be taken away, whoever asked for it has been told.
        await gone?.catch(() => undefined);
      },
      source: (signal) => {
        source ??= new Promise<T>((resolve, reject) => {
          const have = () => {
            gone = having(async (thing) => {
              resolve(thing);
              await ended.promise;
            }, unwanted.signal);
            return gone;
          };
          turn(async () => (sharing.users > 0 ? have() : undefined)).catch((error) => {
            // Whoever comes next tries again.
            source = undefined;
            reject(error);
          });
        });
        return untilAborted(source, signal);
      },
      oneAtATime: inTurn(),
    };
    sharings.set(key, sharing);
    return sharing;
  };

  return {
    /** Runs `work` with the thing of that key. */
    share: async <R>(key: string, having: Having<T>, work: (shared: Shared<T>) => Promise<R>): Promise<R> => {
      const sharing = sharings.get(key) ?? open(key, having);
      sharing.users += 1;
      try {
        return await work(sharing);
      } finally {
        sharing.users -= 1;
        if (sharing.users === 0) await sharing.end();
      }
    },
  };
};

/** What has been started so far, so that all of it can be stopped, also what is still starting. */
export interface Started {
  /** Registers how to stop `part` once it is there, and gives it back. */
  add<T>(part: Promise<T> | T, stop: (part: T) => Promise<unknown>): Promise<T>;
  /** Stops everything, what was registered last first; an error does not keep the rest running. Once. */
  stop(): Promise<void>;
  /** The same, side by side. */
  stopTogether(): Promise<void>;
}

/** @throws {AggregateError} from `stop` with whatever could not be stopped. */
export const createStarted = (): Started => {
  const stops: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;
  const once = (work: () => Promise<unknown[]>) => {
    stopping ??= work().then((errors) => {
      if (errors.length > 0) throw new AggregateError(errors, 'Not everything could be stopped.');
    });
    return stopping;
  };
  return {
    add: async (part, stop) => {
      const coming = Promise.resolve(part);
      stops.push(async () => {
        const there = await coming.then(
          (value) => ({ value }),
          // What did not start has nothing to stop; whoever waits for it sees the error.
          () => undefined,
        );
        if (there) await stop(there.value);
      });
      return await coming;
    },
    stop: () =>
      once(async () => {
        const errors: unknown[] = [];
        for (const stop of stops.reverse()) await stop().catch((error: unknown) => errors.push(error));
        return errors;
      }),
    stopTogether: () =>
      once(async () => {
        const results = await Promise.allSettled(stops.map((stop) => stop()));
        return results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      }),
  };
};

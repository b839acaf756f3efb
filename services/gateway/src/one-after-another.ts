/** Runs work of the same key one after another, in the order of the calls; work of other keys at the same time. */
export const oneAfterAnother = () => {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(key) ?? Promise.resolve();
    // How the one before ended is the business of whoever called for it.
    const running = before.then(work, work);
    last.set(key, running);
    try {
      return await running;
    } finally {
      if (last.get(key) === running) last.delete(key);
    }
  };
};

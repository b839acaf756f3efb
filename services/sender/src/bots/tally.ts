/** Counts what happened in the last minute, second by second. */
export const createTally = (now: () => number = Date.now) => {
  const seconds = new Map<number, number>();
  const prune = (): void => {
    const oldest = Math.floor(now() / 1000) - 60;
    for (const second of seconds.keys()) if (second <= oldest) seconds.delete(second);
  };
  return {
    add: (): void => {
      prune();
      const second = Math.floor(now() / 1000);
      seconds.set(second, (seconds.get(second) ?? 0) + 1);
    },
    count: (): number => {
      prune();
      return [...seconds.values()].reduce((sum, one) => sum + one, 0);
    },
  };
};

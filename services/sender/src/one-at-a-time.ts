import pLimit, { type LimitFunction } from 'p-limit';

/** Runs the tasks of one key one after another, in the order in which they were given; different keys do not wait. */
export const oneAtATime = () => {
  const lanes = new Map<string, LimitFunction>();
  return async <T>(key: string, task: () => Promise<T>): Promise<T> => {
    const lane = lanes.get(key) ?? pLimit(1);
    lanes.set(key, lane);
    try {
      return await lane(task);
    } finally {
      if (lane.activeCount + lane.pendingCount === 0) lanes.delete(key);
    }
  };
};

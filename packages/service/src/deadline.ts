/** The promise's outcome, or a rejection with `message` after `withinMs`. The work itself is not ended. */
export const within = async <T>(withinMs: number, message: string, work: Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(message)), withinMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

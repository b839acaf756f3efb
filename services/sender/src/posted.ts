import type { Envelope } from '@heavy/contracts';

/**
 * The ids of the messages that handling an event has put into the chat, in their order; also while it is being given up. How it
 * ended is reported with them, since what failed may have posted something before.
 */
export const createPosted = () => {
  // The envelope may be copied on the way, its data are passed on as they are.
  const byData = new WeakMap<object, Set<number>>();
  return ({ data }: Envelope<object>): Set<number> => {
    const posted = byData.get(data) ?? new Set();
    byData.set(data, posted);
    return posted;
  };
};

export type PostedBy = ReturnType<typeof createPosted>;

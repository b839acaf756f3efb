import type { Channel } from 'amqplib';

/** How long the broker's answer to a farewell is waited for; over a half-open connection none comes. */
const farewellMs = 2000;

/** Settles with `promise`, or after two seconds. Never rejects: nothing can be done about it any more. */
export const withinFarewell = async (promise: Promise<unknown>): Promise<void> => {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, farewellMs);
  await Promise.race([promise, late.promise]).catch(() => undefined);
  clearTimeout(timer);
};

/** Closes a channel that may be closed already, or lose its connection meanwhile: amqplib's promise then never settles. */
export const closeChannel = async (channel: Channel): Promise<void> => {
  const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()));
  await withinFarewell(Promise.race([closed, channel.close()]));
};

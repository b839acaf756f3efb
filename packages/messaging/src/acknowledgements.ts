import type { Channel, ConsumeMessage } from 'amqplib';

/** Acknowledges on one channel: what is done within one turn of the event loop goes out in as few frames as can be. */
export interface Acknowledgements {
  /** Call for every message, in order of delivery. */
  delivered(message: ConsumeMessage): void;
  done(message: ConsumeMessage): void;
  /** Gives it back to the queue; counts towards its delivery limit. */
  requeue(message: ConsumeMessage): void;
  /** Sends what is pending now. */
  flush(): void;
}

export const acknowledgeOn = (channel: Channel): Acknowledgements => {
  /** Delivery tags that are neither acknowledged nor given back, ascending. */
  const outstanding = new Set<number>();
  let done: ConsumeMessage[] = [];
  let planned = false;
  let open = true;
  channel.once('close', () => {
    open = false;
    done = [];
  });

  const flush = (): void => {
    planned = false;
    if (!open || done.length === 0) return;
    const batch = done.sort((a, b) => a.fields.deliveryTag - b.fields.deliveryTag);
    done = [];
    for (const { fields } of batch) outstanding.delete(fields.deliveryTag);
    const [lowest = Number.POSITIVE_INFINITY] = outstanding;
    // All before the lowest that is still being handled can go with one acknowledgement.
    const prefix = batch.findLast(({ fields }) => fields.deliveryTag < lowest);
    if (prefix) channel.ack(prefix, true);
    for (const message of batch) if (message.fields.deliveryTag > lowest) channel.ack(message);
  };

  return {
    delivered: ({ fields }) => void outstanding.add(fields.deliveryTag),
    done: (message) => {
      if (!open) return;
      done.push(message);
      if (planned) return;
      planned = true;
      setImmediate(flush);
    },
    requeue: (message) => {
      if (!open || !outstanding.delete(message.fields.deliveryTag)) return;
      // Never nack: from RabbitMQ 4.3 on it does not count towards the delivery limit.
      channel.reject(message, true);
    },
    flush,
  };
};

import {
  deadExchange,
  deadQueueName,
  exchange,
  logsExchange,
  type QueueDefinition,
  retryQueueName,
} from '@heavy/contracts';
import type { Channel } from 'amqplib';

/**
 * How often RabbitMQ gives a message to consumers that end without settling it. RabbitMQ 3.10 has no limit of its own;
 * from 4.0 it is 20, and then the message would be dropped without the dead-letter exchange below.
 */
const deliveryLimit = 20;

/** Looking into the dead letters and putting them back must never lose one. */
const deadDeliveryLimit = 1_000_000;

/** Dead-lettering that waits for the target's confirm, so that nothing is lost on the way (RabbitMQ 3.10 and later). */
const atLeastOnce = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };

/** Declares the three exchanges; what every publisher needs. */
export const declareExchanges = async (channel: Channel): Promise<void> => {
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.assertExchange(logsExchange, 'topic', { durable: true });
  await channel.assertExchange(deadExchange, 'topic', { durable: true });
};

/**
 * Declares what a consumer needs: the exchanges, its quorum queue and bindings, a queue per rung of the retry ladder
 * that gives its messages back to the queue after the rung's delay, and the dead-letter queue.
 */
export const declareQueue = async (
  channel: Channel,
  queue: QueueDefinition,
  retryDelaysMs: readonly number[],
): Promise<void> => {
  await declareExchanges(channel);
  const dead = deadQueueName(queue.name);
  await channel.assertQueue(dead, {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': deadDeliveryLimit },
  });
  await channel.bindQueue(dead, deadExchange, queue.name);
  await channel.assertQueue(queue.name, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': deliveryLimit,
      'x-dead-letter-exchange': deadExchange,
      'x-dead-letter-routing-key': queue.name,
      ...atLeastOnce,
    },
  });
  for (const delayMs of retryDelaysMs) {
    await channel.assertQueue(retryQueueName(queue.name, delayMs), {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': deliveryLimit,
        'x-message-ttl': delayMs,
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': queue.name,
        ...atLeastOnce,
      },
    });
  }
  for (const binding of queue.bindings) await channel.bindQueue(queue.name, exchange, binding);
};

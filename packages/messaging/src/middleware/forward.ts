import type { ConsumeMessage } from 'amqplib';
import type { Outgoing } from '../confirm-window.ts';

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A message as it came, or as it would be sent. */
export type Forwarded = Pick<ConsumeMessage, 'content'> & {
  readonly properties: Partial<ConsumeMessage['properties']>;
};

/** The same message for another exchange, with `added` headers. The broker's own `x-` headers stay behind. */
export const forward = (
  { content, properties }: Forwarded,
  exchange: string,
  routingKey: string,
  added: Record<string, string | number>,
): Outgoing => {
  const own = Object.entries(properties.headers ?? {}).filter(([name]) => !name.startsWith('x-'));
  const { contentType, contentEncoding, correlationId, messageId, timestamp, type, appId } = properties;
  return {
    exchange,
    routingKey,
    body: content,
    type: text(type) ?? 'unknown',
    properties: {
      ...{ contentType, contentEncoding, correlationId, messageId, timestamp, type, appId },
      headers: { ...Object.fromEntries(own), ...added },
      persistent: true,
      mandatory: true,
    },
  };
};

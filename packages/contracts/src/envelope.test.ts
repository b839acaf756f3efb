import { CloudEvent, HTTP, ValidationError } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import { contract, deterministicId, envelope, shortId } from './envelope.ts';
import { examples } from './examples.ts';
import { telegramReply, telegramSent } from './telegram.ts';

const data = { origin: { account: 1, chatId: 2, messageId: 3, userId: 4 }, text: 'hello' };
const context = { source: 'sender', correlationId: 'c0ffee00-0000-8000-8000-000000000000' };

/** As a stranger's software reads a body of ours: with the official SDK, in strict mode. */
const readWithSdk = (body: string): CloudEvent => {
  const event = HTTP.toEvent({ headers: { 'content-type': 'application/cloudevents+json' }, body });
  if (Array.isArray(event)) throw new Error('a batch');
  const strict = new CloudEvent(event as CloudEvent, true);
  strict.validate();
  return strict;
};

describe('envelope', () => {
  it.each(examples.map((one) => [one.contract.type, one] as const))(
    'of %s is a CloudEvent for the official SDK',
    (type, { contract: of, valid }) => {
      for (const example of valid) {
        const event = envelope(of, example, { ...context, causationId: 'cause' });
        const read = readWithSdk(JSON.stringify(event));
        expect(read).toMatchObject({
          ...{ specversion: '1.0', id: event.id, source: '/sender', type, time: event.time },
          ...{ datacontenttype: 'application/json', dataschema: of.dataschema },
          ...{ correlationid: context.correlationId, causationid: 'cause', traceparent: event.traceparent },
        });
        expect(read.data).toEqual(JSON.parse(JSON.stringify(example)));
      }
    },
  );

  it('would be refused by the SDK with an attribute name in camel case', () => {
    const event = envelope(telegramReply, data, context);
    expect(() => readWithSdk(JSON.stringify({ ...event, correlationId: 'x' }))).toThrow(ValidationError);
  });

  it('is frozen and has an id of its own unless it is given one', () => {
    const one = envelope(telegramReply, data, context);
    const other = envelope(telegramReply, data, { ...context, id: 'given' });
    expect(Object.isFrozen(one)).toBe(true);
    expect(one.id).not.toBe(envelope(telegramReply, data, context).id);
    expect(other.id).toBe('given');
    expect(one).not.toHaveProperty('causationid');
  });

  it('continues a trace with a new span, and starts one where there is none', () => {
    const { traceparent } = envelope(telegramReply, data, context);
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const child = envelope(telegramReply, data, { ...context, traceparent }).traceparent;
    expect(child.slice(0, 35)).toBe(traceparent.slice(0, 35));
    expect(child).not.toBe(traceparent);
  });
});

describe('deterministicId', () => {
  it('is a version 8 UUID of its parts and of their order', () => {
    const id = deterministicId('a', 1);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(deterministicId('a', 1)).toBe(id);
    expect(new Set([id, deterministicId(1, 'a'), deterministicId('a1'), deterministicId('a', 2)]).size).toBe(
      4,
    );
  });
});

describe('shortId', () => {
  it('is the first eight digits', () => expect(shortId(context.correlationId)).toBe('c0ffee00'));
});

describe('contract', () => {
  it('wants somebody to listen unless it says otherwise', () => {
    expect(telegramReply.mandatory).toBe(true);
    expect(telegramSent.mandatory).toBe(false);
  });

  it('names its schema after type and version', () => {
    expect(contract('events.dl.done', 3, telegramReply.data).dataschema).toBe(
      'urn:heavy:schema:events.dl.done/v3',
    );
  });
});

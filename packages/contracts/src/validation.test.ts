import { describe, expect, it } from 'vitest';
import { envelope, envelopeSchema } from './envelope.ts';
import { telegramEdit, telegramReply } from './telegram.ts';
import { type DeadReason, maxBodyBytes } from './topology.ts';
import { checkEnvelope, faultOf, InvalidEvent, isOf, parseEnvelope } from './validation.ts';

const data = { origin: { account: 1, chatId: 2, messageId: 3, userId: 4 }, text: 'hello' };
const event = envelope(telegramReply, data, { source: 'test', correlationId: 'c0ffee00' });
const encode = (value: unknown) => Buffer.from(JSON.stringify(value));

const reasonOf = (body: Uint8Array): DeadReason | undefined => {
  try {
    parseEnvelope(body);
  } catch (error) {
    if (error instanceof InvalidEvent) return error.reason;
    throw error;
  }
  return undefined;
};

describe('parseEnvelope', () => {
  it('reads what envelope made', () => expect(parseEnvelope(encode(event))).toEqual(event));

  it.each<[DeadReason, Uint8Array]>([
    ['malformed_json', Buffer.from('{')],
    ['malformed_json', Buffer.from([0x22, 0xff, 0x22])],
    ['malformed_envelope', encode(null)],
    ['malformed_envelope', encode([event])],
    ['malformed_envelope', encode({ ...event, id: '' })],
    ['malformed_envelope', encode({ ...event, specversion: '0.3' })],
    ['malformed_envelope', encode({ ...event, time: 'now' })],
    ['malformed_envelope', encode({ ...event, correlationId: 'camel' })],
    ['unknown_type', encode({ ...event, type: 'events.nobody.knows' })],
    ['unknown_version', encode({ ...event, dataschema: 'urn:heavy:schema:commands.telegram.reply/v2' })],
    ['invalid_data', encode({ ...event, data: { ...data, text: '' } })],
    ['too_large', Buffer.alloc(maxBodyBytes + 1)],
  ])('refuses with %s: %#', (reason, body) => expect(reasonOf(body)).toBe(reason));

  it('takes a body of exactly the limit', () => {
    const body = Buffer.alloc(maxBodyBytes, ' ');
    encode(event).copy(body);
    expect(parseEnvelope(body)).toEqual(event);
  });
});

describe('checkEnvelope', () => {
  it('names the path of the fault', () => {
    expect(() => checkEnvelope({ ...event, type: 'Bad' })).toThrow(/^\/type must match/);
    expect(() =>
      checkEnvelope(
        envelope(
          telegramEdit,
          { target: { account: 1, chatId: 2, messageId: 0 }, text: 'x' },
          {
            source: 'test',
            correlationId: 'c0ffee00',
          },
        ),
      ),
    ).toThrow('data/target/messageId must be >= 1');
  });
});

describe('faultOf', () => {
  it('is null where a value fits', () => expect(faultOf(envelopeSchema, event)).toBeNull());
});

describe('isOf', () => {
  it('tells contracts apart', () => {
    expect(isOf(telegramReply, event)).toBe(true);
    expect(isOf(telegramEdit, event)).toBe(false);
  });
});

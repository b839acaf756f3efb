import { describe, expect, it } from 'vitest';
import { parseLine } from './parse-line.ts';

const line = {
  time: 1,
  level: 'info',
  service: 'gateway',
  msg: 'hello',
  correlationId: '0123456789',
  extra: { n: 1 },
};

describe('parseLine', () => {
  it('takes a log line as it is', () => {
    const text = JSON.stringify(line);
    expect(parseLine(Buffer.from(`${text}\n`), 'logs.gateway.info')).toEqual({ record: line, text });
  });

  it.each([
    ['no JSON', 'hello', /JSON/],
    ['no object', '"hello"', /object/],
    ['a level that is none', JSON.stringify({ ...line, level: 'loud' }), /level/],
    ['a time that is no number', JSON.stringify({ ...line, time: 'now' }), /time/],
    ['no service', JSON.stringify({ time: 1, level: 'info' }), /service/],
    ['nothing', '', /JSON/],
    ['bytes that are no text', Buffer.from([0xff, 0x00]), /JSON/],
  ])('makes a warning of its own of %s', (_what, body, fault) => {
    const { record, text } = parseLine(Buffer.from(body), 'logs.x.info', 42);
    expect(record).toMatchObject({
      time: 42,
      level: 'warn',
      service: 'logger',
      msg: 'malformed log line',
      routingKey: 'logs.x.info',
      fault: expect.stringMatching(fault),
    });
    expect(JSON.parse(text)).toEqual(record);
  });

  it('shows the beginning of a long body, and none of its secrets', () => {
    const { record } = parseLine(Buffer.from(`amqp://u:canary@h ${'x '.repeat(5000)}`), 'k');
    expect(record['body']).toMatch(/^amqp:\/\/\[redacted\]@h x/);
    expect(String(record['body'])).toHaveLength(2000);
    expect(JSON.stringify(record)).not.toContain('canary');
  });
});

import { describe, expect, it } from 'vitest';
import { createLoggable, createRedactor, isSecretKey, redactText } from './redaction.ts';

const session = `1${'AgAOMTQ5LjE1NC4xNjcuNTABu'.repeat(14)}==`;
const botToken = `123456789:${'AAbb-_1234'.repeat(4).slice(0, 35)}`;

describe('redactText', () => {
  it.each([
    ['amqp://user:canary@host:5672/v', 'amqp://[redacted]@host:5672/v'],
    ['connect redis://:canary@127.0.0.1:6379/0 failed', 'connect redis://[redacted]@127.0.0.1:6379/0 failed'],
    ['https://canary@example.com/a@b', 'https://[redacted]@example.com/a@b'],
    ['https://user:c@nary@example.com', 'https://[redacted]@example.com'],
    [`https://api.telegram.org/bot${botToken}/getMe`, 'https://api.telegram.org/bot[redacted]/getMe'],
    [`session ${session} revoked`, 'session [redacted] revoked'],
    ['https://e.com/?a=1&access_token=canary&b=2', 'https://e.com/?a=1&access_token=[redacted]&b=2'],
    ['password=canary', 'password=[redacted]'],
    ['Authorization: Bearer canary', 'Authorization: Bearer [redacted]'],
    ['"authorization":"Basic canary"', '"authorization":"Basic [redacted]"'],
  ])('turns %j into %j', (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it.each([
    'https://example.com:443/watch?v=a&list=b',
    'mail to someone@example.com at 12:00:01',
    `sha256 ${'a'.repeat(64)}`,
    '{"hasSession":true,"token":null}',
    'Basic troubleshooting',
  ])('leaves %j alone', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('takes linear time, whatever the text', () => {
    for (const unit of ['1', 'a', 'a://', 'https://a', 'token', 'Bearer ', 'authorization', 'A/', '1:'])
      for (const text of [unit.repeat(100_000 / unit.length), `1:${unit.repeat(100_000 / unit.length)}`]) {
        const startedAt = performance.now();
        redactText(text);
        expect(performance.now() - startedAt, unit).toBeLessThan(500);
      }
  });

  it('leaves a line of JSON what it was', () => {
    const line = JSON.stringify({ msg: 'to "amqp://u:ca"nary\\@h" and\nhttps://u:canary@h', n: 1 });
    const parsed = JSON.parse(redactText(line));
    expect(parsed.n).toBe(1);
    expect(parsed.msg).toBe('to "amqp://[redacted]@h" and\nhttps://[redacted]@h');
  });
});

describe('createRedactor', () => {
  it('takes known secrets out wherever they stand, escaped or not', () => {
    const { text } = createRedactor(['ca"nary\nsecret']);
    expect(text('x ca"nary\nsecret y')).toBe('x [redacted] y');
    expect(text(JSON.stringify({ a: 'ca"nary\nsecret' }))).toBe('{"a":"[redacted]"}');
  });

  it('takes out a long secret before a shorter one that it begins with', () => {
    expect(createRedactor(['canary-1', 'canary-1-long']).text('canary-1-long')).toBe('[redacted]');
  });

  it('leaves words alone that happen to be a short password', () => {
    expect(createRedactor(['guest']).text('a guest came')).toBe('a guest came');
  });
});

describe('isSecretKey', () => {
  it.each([
    'session',
    'apiHash',
    'api_hash',
    'API-HASH',
    'botToken',
    'phoneNumber',
    'Authorization',
    'passwd',
  ])('takes %s for secret', (key) => expect(isSecretKey(key)).toBe(true));
  it.each(['code', 'key', 'objectKey', 'chatId', 'url', 'passed'])('takes %s for harmless', (key) =>
    expect(isSecretKey(key)).toBe(false),
  );
});

describe('createLoggable', () => {
  const loggable = createLoggable(createRedactor());

  it('replaces secrets by key, however deep, and of any type but yes and no', () => {
    const value = { a: [{ session: 'canary', phone: 491234, token: { x: 'canary' }, hasSession: true }] };
    expect(loggable(value)).toEqual({
      a: [{ session: '[redacted]', phone: '[redacted]', token: '[redacted]', hasSession: true }],
    });
  });

  it('replaces secrets in maps', () => {
    expect(loggable(new Map([['password', 'canary']]))).toEqual({ password: '[redacted]' });
  });

  it('writes errors with code and causes', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', password: 'canary' });
    expect(loggable({ err: new TypeError('no', { cause }) })).toMatchObject({
      err: {
        type: 'TypeError',
        message: 'no',
        stack: expect.stringContaining('redaction.test'),
        cause: { type: 'Error', message: 'refused', code: 'ECONNREFUSED', password: '[redacted]' },
      },
    });
    expect(loggable(new AggregateError([new Error('one')], 'all'))).toMatchObject({
      errors: [{ message: 'one' }],
    });
  });

  it('bounds cycles, depth, breadth, bytes and length', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(loggable(cycle)).toEqual({ self: '[circular]' });
    expect(JSON.stringify(loggable(JSON.parse('['.repeat(50) + ']'.repeat(50))))).toBe(
      '[[[[[["[array]"]]]]]]',
    );
    expect(loggable(Array.from({ length: 500 }, () => 0))).toHaveLength(100);
    expect(loggable(Buffer.alloc(9))).toBe('[9 bytes]');
    expect(String(loggable('x '.repeat(5000)))).toMatch(/^(x ){4096}… \(10000 characters\)$/);
    expect(loggable(2n ** 64n)).toBe('18446744073709551616');
  });

  it('keeps an error that is its own cause finite', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(loggable(error)).toMatchObject({ message: 'loop', cause: '[circular]' });
  });
});

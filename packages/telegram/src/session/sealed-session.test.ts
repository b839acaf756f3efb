import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  isSealed,
  newSessionKey,
  openBotToken,
  openSession,
  parseSessionKey,
  SessionUnreadable,
  sealBotToken,
  sealedWith,
  sealSession,
  sessionKeyId,
} from './sealed-session.ts';

const key = parseSessionKey(newSessionKey());
const other = parseSessionKey(newSessionKey());
const session = `1${randomBytes(270).toString('base64')}`;

const refusal = (open: () => unknown): SessionUnreadable => {
  try {
    open();
  } catch (error) {
    if (error instanceof SessionUnreadable) return error;
    throw error;
  }
  throw new Error('it was opened');
};

describe('sealSession', () => {
  it('gives what opens with the key again, with whitespace around it too', () => {
    const text = sealSession(session, key);
    expect(text).toMatch(/^heavy-session\.v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]+$/);
    expect(openSession(text, [key])).toBe(session);
    expect(openSession(`${text}\n`, [other, key])).toBe(session);
  });

  it('never gives the same twice, and shows nothing of the session', () => {
    const texts = Array.from({ length: 50 }, () => sealSession(session, key));
    const nonces = texts.map((text) => text.split('.')[3]);
    expect(new Set(nonces).size).toBe(50);
    expect(texts.join()).not.toContain(session.slice(1, 30));
  });
});

describe('openSession', () => {
  const text = sealSession(session, key);

  it('refuses a text of which any one character was changed', () => {
    const opened: string[] = [];
    for (let at = 0; at < text.length; at++) {
      // A neighbour in the alphabet: the last character has bits that are no part of the bytes.
      const changed = String.fromCharCode(text.charCodeAt(at) + 1);
      const tampered = text.slice(0, at) + changed + text.slice(at + 1);
      try {
        opened.push(openSession(tampered, [key, other]));
      } catch (error) {
        expect(error).toBeInstanceOf(SessionUnreadable);
      }
    }
    expect(opened).toEqual([]);
  });

  it('refuses a text that was cut off, wherever', () => {
    for (let length = 0; length < text.length; length++)
      expect(() => openSession(text.slice(0, length), [key])).toThrow(SessionUnreadable);
  });

  it('refuses the parts of two texts put together', () => {
    const parts = text.split('.');
    const others = sealSession(session, key).split('.');
    for (const at of [3, 4])
      expect(refusal(() => openSession(parts.with(at, others[at]!).join('.'), [key])).fault).toBe('session');
  });

  it('refuses the id of another key on the head, though the key is the right one', () => {
    const relabelled = text.replace(sessionKeyId(key), sessionKeyId(other));
    expect(refusal(() => openSession(relabelled, [key])).fault).toBe('key');
    expect(refusal(() => openSession(relabelled, [other])).fault).toBe('session');
  });

  it('says which key is needed, and which was given', () => {
    const none = refusal(() => openSession(text, []));
    expect(none.message).toBe(
      `The session is sealed with the key ${sessionKeyId(key)}, and no key is given.`,
    );
    const wrong = refusal(() => openSession(text, [other]));
    expect(wrong.message).toBe(
      `The session is sealed with the key ${sessionKeyId(key)}, and ${sessionKeyId(other)} is given.`,
    );
    expect([none.fault, wrong.fault]).toEqual(['key', 'key']);
  });

  it('takes no plain session for a sealed one', () => {
    expect(isSealed(session)).toBe(false);
    expect(isSealed(text)).toBe(true);
    expect(refusal(() => openSession(session, [key])).fault).toBe('session');
  });
});

describe('parseSessionKey', () => {
  const bytes = randomBytes(32);

  it.each(['hex', 'base64', 'base64url'] as const)('reads %s', (encoding) => {
    expect(Buffer.from(parseSessionKey(` ${bytes.toString(encoding)}\n`))).toEqual(bytes);
  });

  it.each([
    ['nothing', ''],
    ['31 bytes', randomBytes(31).toString('base64')],
    ['33 bytes', randomBytes(33).toString('base64')],
    ['63 hexadecimal digits', bytes.toString('hex').slice(1)],
    ['a sentence', 'correct horse battery staple, correct horse!'],
  ])('refuses %s without repeating it', (_name, text) => {
    const { message, fault } = refusal(() => parseSessionKey(text));
    expect([message, fault]).toEqual([
      'A session key is 32 bytes in base64 or hex, and this is none.',
      'key',
    ]);
  });
});

describe('sealedWith', () => {
  it('tells the id of the key, and nothing of what is no sealed session', () => {
    expect(sealedWith(sealSession(session, key))).toBe(sessionKeyId(key));
    expect(sealedWith(session)).toBeUndefined();
    expect(sealedWith('heavy-session.v1.')).toBeUndefined();
  });
});

describe('sealBotToken', () => {
  const token = `1234567:${randomBytes(26).toString('base64url')}`;
  const text = sealBotToken(token, key);

  it('gives what opens with the key again, and shows nothing of the token', () => {
    expect(text).toMatch(/^heavy-bot-token\.v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]+$/);
    expect(text).not.toContain('1234567');
    expect(openBotToken(text, [other, key])).toBe(token);
    expect(refusal(() => openBotToken(text, [other])).fault).toBe('key');
  });

  it('is never taken for a session, nor a session for it', () => {
    const relabelled = text.replace('heavy-bot-token', 'heavy-session');
    expect(refusal(() => openSession(text, [key])).fault).toBe('session');
    expect(refusal(() => openSession(relabelled, [key])).fault).toBe('session');
    expect(refusal(() => openBotToken(sealSession(session, key), [key])).fault).toBe('session');
  });
});

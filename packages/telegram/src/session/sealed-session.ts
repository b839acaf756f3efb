import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** A session cannot be opened; the message is a sentence, and holds nothing secret. */
export class SessionUnreadable extends Error {
  override readonly name = 'SessionUnreadable';
  /** What is at fault: the text itself, or the key that it would need. */
  readonly fault: 'session' | 'key';

  constructor(fault: SessionUnreadable['fault'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** What seals sessions: 32 random bytes. */
export type SessionKey = Uint8Array;

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
/** What is sealed: one kind is never opened in place of another. */
type Kind = 'session' | 'bot-token';
const nouns: Readonly<Record<Kind, string>> = { session: 'session', 'bot-token': 'bot token' };
const beginningOf = (kind: Kind): string => `heavy-${kind}.v1.`;
const sealed = /^(heavy-[a-z-]+\.v1\.)([0-9a-f]{8})\.([\w-]+)\.([\w-]+)$/;

/** Hex, base64 or base64url, as a variable or a file holds it. */
export const sessionKeyPattern = '^\\s*([0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{43}=?)\\s*$';

/**
 * Reads a key of 32 bytes in hex, base64 or base64url.
 * @throws {SessionUnreadable}
 */
export const parseSessionKey = (text: string): SessionKey => {
  if (!new RegExp(sessionKeyPattern).test(text))
    throw new SessionUnreadable('key', 'A session key is 32 bytes in base64 or hex, and this is none.');
  const word = text.trim();
  return Buffer.from(word, word.length === 2 * keyBytes ? 'hex' : 'base64');
};

/** A new key, as `parseSessionKey` reads it. */
export const newSessionKey = (): string => randomBytes(keyBytes).toString('base64');

/** Tells keys apart without telling anything about them: 8 hexadecimal digits. */
export const sessionKeyId = (key: SessionKey): string =>
  createHash('sha256').update('heavy-session.v1 key id\0').update(key).digest('hex').slice(0, 8);

/** Whether a text is a sealed session: only the beginning is looked at. */
export const isSealed = (text: string): boolean => text.startsWith('heavy-session.');

/** The id of the key that a sealed session was sealed with; undefined where that cannot be read. */
export const sealedWith = (text: string): string | undefined => sealed.exec(text.trim())?.[2];

/**
 * Encrypts a text for keeping, with AES-256-GCM (NIST SP 800-38D) and a random 96-bit nonce:
 * `heavy-<kind>.v1.<key id>.<nonce>.<ciphertext and tag>`, the last two in base64url. The head is authenticated too.
 */
const seal = (kind: Kind, plain: string, key: SessionKey): string => {
  const head = `${beginningOf(kind)}${sessionKeyId(key)}`;
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(
    Buffer.from(head),
  );
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${head}.${nonce.toString('base64url')}.${text.toString('base64url')}`;
};

/** @throws {SessionUnreadable} where there is no such key, or where anything about the text was changed. */
const open = (kind: Kind, text: string, keys: readonly SessionKey[]): string => {
  const noun = nouns[kind];
  const [, beginning = '', keyId = '', nonceText = '', body = ''] = sealed.exec(text.trim()) ?? [];
  const nonce = Buffer.from(nonceText, 'base64url');
  const bytes = Buffer.from(body, 'base64url');
  const isWhole =
    nonce.length === nonceBytes && bytes.length > tagBytes && bytes.toString('base64url') === body;
  if (beginning !== beginningOf(kind) || !isWhole)
    throw new SessionUnreadable(
      'session',
      `The sealed ${noun} is not whole, or of a kind that is not known here.`,
    );
  if (keys.length === 0)
    throw new SessionUnreadable('key', `The ${noun} is sealed with the key ${keyId}, and no key is given.`);
  const key = keys.find((one) => sessionKeyId(one) === keyId);
  if (!key) {
    const given = keys.map(sessionKeyId).join(' and ');
    throw new SessionUnreadable('key', `The ${noun} is sealed with the key ${keyId}, and ${given} is given.`);
  }
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(`${beginning}${keyId}`))
    .setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new SessionUnreadable('session', `The sealed ${noun} is damaged: something in it was changed.`, {
      cause,
    });
  }
};

/** Encrypts a session for keeping. */
export const sealSession = (session: string, key: SessionKey): string => seal('session', session, key);

/**
 * Opens what `sealSession` made, with whichever of the keys it was sealed with.
 * @throws {SessionUnreadable} where there is no such key, or where anything about the text was changed.
 */
export const openSession = (text: string, keys: readonly SessionKey[]): string => open('session', text, keys);

/** Whether a text is a sealed bot's token: only the beginning is looked at. */
export const isSealedBotToken = (text: string): boolean => text.startsWith(beginningOf('bot-token'));

/** Encrypts a bot's token for keeping. */
export const sealBotToken = (token: string, key: SessionKey): string => seal('bot-token', token, key);

/**
 * Opens what `sealBotToken` made.
 * @throws {SessionUnreadable} as `openSession` does.
 */
export const openBotToken = (text: string, keys: readonly SessionKey[]): string =>
  open('bot-token', text, keys);

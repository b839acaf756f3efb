import { randomBytes } from 'node:crypto';
import { sha256 } from './hash.ts';
import { igeDecrypt } from './ige-decrypt.ts';
import { igeEncrypt } from './ige-encrypt.ts';

/** Who wrote the message: the derivation is different for each way (MTProto 2.0, `x` = 0 or 8). */
const offsets = { client: 0, server: 8 } as const;
export type Direction = keyof typeof offsets;

const messageKey = (authKey: Buffer, plain: Buffer, direction: Direction): Buffer => {
  const from = 88 + offsets[direction];
  return sha256(authKey.subarray(from, from + 32), plain).subarray(8, 24);
};

const derive = (authKey: Buffer, msgKey: Buffer, direction: Direction): { key: Buffer; iv: Buffer } => {
  const x = offsets[direction];
  const a = sha256(msgKey, authKey.subarray(x, x + 36));
  const b = sha256(authKey.subarray(x + 40, x + 76), msgKey);
  return {
    key: Buffer.concat([a.subarray(0, 8), b.subarray(8, 24), a.subarray(24)]),
    iv: Buffer.concat([b.subarray(0, 8), a.subarray(8, 24), b.subarray(24)]),
  };
};

/**
 * Message key and encrypted body of one message, padded with 12 bytes and more to whole blocks
 * (https://core.telegram.org/mtproto/description#defining-aes-key-and-initialization-vector).
 */
export const seal = (authKey: Buffer, message: Buffer, direction: Direction): Buffer => {
  const padding = 12 + ((16 - ((message.length + 12) % 16)) % 16);
  const plain = Buffer.concat([message, randomBytes(padding)]);
  const msgKey = messageKey(authKey, plain, direction);
  const { key, iv } = derive(authKey, msgKey, direction);
  return Buffer.concat([msgKey, igeEncrypt(key, iv, plain)]);
};

/** The message in `sealed`, still padded, or null where its key does not match its content. */
export const unseal = (authKey: Buffer, sealed: Buffer, direction: Direction): Buffer | null => {
  const msgKey = sealed.subarray(0, 16);
  const body = sealed.subarray(16, sealed.length - (sealed.length % 16));
  const { key, iv } = derive(authKey, msgKey, direction);
  const plain = igeDecrypt(key, iv, body);
  return messageKey(authKey, plain, direction).equals(msgKey) ? plain : null;
};

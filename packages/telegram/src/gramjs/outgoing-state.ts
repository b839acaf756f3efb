import { createHash, randomFillSync } from 'node:crypto';
import type { BigInteger } from 'big-integer';
import type { AuthKey } from 'telegram/crypto/AuthKey.js';
import type { BinaryWriter } from 'telegram/extensions/index.js';
import { MTProtoState } from 'telegram/network/MTProtoState.js';
import { encryptIge } from './encrypt-ige.ts';
import type { LogBridge } from './log.ts';
import { release } from './release.ts';

const writeLong = (to: Buffer, value: BigInteger, at: number) =>
  to.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value.toString())), at);

/**
 * The library's MTProto state with an encryption of our own: its one copies each message ten times and ciphers in
 * JavaScript, which is most of the processor time and the memory of an upload.
 */
export class OutgoingState extends MTProtoState {
  readonly #authKey: AuthKey;

  constructor(authKey: AuthKey, log: LogBridge) {
    super(authKey, log, true);
    this.#authKey = authKey;
  }

  /** Without the attempt to compress, of which the library has left nothing but the copies. */
  override async writeDataAsMessage(
    buffer: BinaryWriter,
    data: Buffer,
    contentRelated: boolean,
    afterId?: BigInteger,
  ): Promise<BigInteger> {
    if (afterId) return super.writeDataAsMessage(buffer, data, contentRelated, afterId);
    const messageId = this._getNewMsgId();
    const head = Buffer.alloc(16);
    writeLong(head, messageId, 0);
    head.writeInt32LE(this._getSeqNo(contentRelated), 8);
    head.writeInt32LE(data.length, 12);
    buffer.write(head);
    buffer.write(data);
    return messageId;
  }

  /** Encrypts as https://core.telegram.org/mtproto/description says (MTProto 2.0). `data` is used up. */
  override async encryptMessageData(data: Buffer): Promise<Buffer> {
    await this.#authKey.waitForKey();
    const [authKey, keyId] = [this.#authKey.getKey(), this.#authKey.keyId];
    if (!authKey || !keyId) throw new Error('the link has no key');
    // Private in the library's types.
    const { salt, id } = this as unknown as { salt: BigInteger; id: BigInteger };
    const plainBytes = 16 + data.length;
    const paddingBytes = 12 + ((16 - ((plainBytes + 12) % 16)) % 16);
    const message = Buffer.allocUnsafeSlow(24 + plainBytes + paddingBytes);
    const plain = message.subarray(24);
    writeLong(plain, salt, 0);
    writeLong(plain, id, 8);
    data.copy(plain, 16);
    release(data);
    randomFillSync(plain, plainBytes);
    const messageKey = createHash('sha256')
      .update(authKey.subarray(88, 120))
      .update(plain)
      .digest()
      .subarray(8, 24);
    const { key, iv } = await this._calcKey(authKey, messageKey, true);
    writeLong(message, keyId, 0);
    messageKey.copy(message, 8);
    encryptIge(plain, key, iv);
    return message;
  }
}

import { gzipSync } from 'node:zlib';
import { seal } from '../crypto/message-keys.ts';
import { Api, long, type TlObject, type TlValue, tlBytes, writeTl } from '../tl.ts';
import type { Connection } from '../transport/connection.ts';
import type { AuthKey } from './auth-keys.ts';
import type { MessageIds } from './message-ids.ts';
import { constructorId, constructors, int32, int64 } from './wire.ts';

/** Answers above this are compressed, as Telegram does. */
const gzipAboveBytes = 4096;
/** How many unacknowledged messages are kept for a client that comes back, and how long each may be. */
const keptMessages = 2000;
const keptMessageBytes = 64 * 1024;

/**
 * One MTProto session of a client: numbers what the server sends in it, keeps that until it is acknowledged,
 * and sends it again when the client resumes the session on another connection.
 */
export class Session {
  readonly id: bigint;
  readonly authKey: AuthKey;
  /** The client did something in it that makes Telegram send it updates. */
  wantsUpdates = false;
  /** It is used for files only, and gets no updates. */
  mediaOnly = false;
  #messageIds: MessageIds;
  #connection: Connection | undefined;
  #contentMessages = 0;
  #unacknowledged = new Map<bigint, Buffer>();
  #received = new Set<bigint>();

  constructor(id: bigint, authKey: AuthKey, messageIds: MessageIds) {
    this.id = id;
    this.authKey = authKey;
    this.#messageIds = messageIds;
  }

  get connected(): boolean {
    return this.#connection?.open ?? false;
  }

  /** Goes on over this connection, with what the client has not acknowledged. */
  attach(connection: Connection): void {
    this.#connection = connection;
    for (const [messageId, body] of this.#unacknowledged) this.#send(body, true, messageId);
  }

  /** The client went on in another session. */
  detach(): void {
    this.#connection = undefined;
  }

  /** False where this message came before, and is answered already or soon. */
  receive(messageId: bigint): boolean {
    if (this.#received.has(messageId)) return false;
    this.#received.add(messageId);
    return true;
  }

  /** As if the message had never come. */
  unreceive(messageId: bigint): void {
    this.#received.delete(messageId);
  }

  hasReceived(messageId: bigint): boolean {
    return this.#received.has(messageId);
  }

  acknowledge(messageId: bigint): void {
    this.#unacknowledged.delete(messageId);
  }

  answer(requestId: bigint, value: TlValue): void {
    const body = writeTl(value);
    this.#result(requestId, body.length > gzipAboveBytes ? gzipped(body) : body);
  }

  fail(requestId: bigint, errorCode: number, errorMessage: string): void {
    this.#result(requestId, new Api.RpcError({ errorCode, errorMessage }).getBytes());
  }

  push(update: TlObject): void {
    this.#keepAndSend(update.getBytes(), this.#messageIds.next('update'));
  }

  /** A message of the protocol itself, which the client does not acknowledge. */
  service(message: TlObject): void {
    this.#send(message.getBytes(), false, this.#messageIds.next('answer'));
  }

  announce(firstMessageId: bigint): void {
    const created = new Api.NewSessionCreated({
      firstMsgId: long(firstMessageId),
      uniqueId: long(this.id),
      serverSalt: long(this.authKey.salt),
    });
    this.push(created);
  }

  close(): void {
    this.#connection?.close();
  }

  #result(requestId: bigint, body: Buffer): void {
    const result = Buffer.concat([constructorId(constructors.rpcResult), int64(requestId), body]);
    this.#keepAndSend(result, this.#messageIds.next('answer'));
  }

  #keepAndSend(body: Buffer, messageId: bigint): void {
    if (body.length <= keptMessageBytes) {
      this.#unacknowledged.set(messageId, body);
      const [oldest] = this.#unacknowledged.keys();
      if (this.#unacknowledged.size > keptMessages && oldest !== undefined)
        this.#unacknowledged.delete(oldest);
    }
    this.#send(body, true, messageId);
  }

  #send(body: Buffer, content: boolean, messageId: bigint): void {
    if (!this.#connection?.open) return;
    const sequence = this.#contentMessages * 2 + (content ? 1 : 0);
    if (content) this.#contentMessages++;
    const message = Buffer.concat([
      int64(this.authKey.salt),
      int64(this.id),
      int64(messageId),
      int32(sequence),
      int32(body.length),
      body,
    ]);
    this.#connection.send(Buffer.concat([this.authKey.id, seal(this.authKey.key, message, 'server')]));
  }
}

const gzipped = (body: Buffer): Buffer => {
  const packed = gzipSync(body, { level: 1 });
  if (packed.length >= body.length) return body;
  return Buffer.concat([constructorId(constructors.gzipPacked), tlBytes(packed)]);
};

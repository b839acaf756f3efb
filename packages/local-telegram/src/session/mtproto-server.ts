import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Handshake } from '../crypto/handshake.ts';
import { unseal } from '../crypto/message-keys.ts';
import type { ServerKey } from '../crypto/server-key.ts';
import { Api, long, nativeLong, readTl, type TlObject } from '../tl.ts';
import { Connection } from '../transport/connection.ts';
import { AuthKeys } from './auth-keys.ts';
import { acknowledgedIds, innerMessages, type MessageHeader, readHeader } from './encrypted-message.ts';
import { MessageIds } from './message-ids.ts';
import { Session } from './session.ts';
import { constructors, int32, int64 } from './wire.ts';

/** A call of the API, still wrapped in `invokeWithLayer` and the like. */
export interface IncomingCall {
  readonly session: Session;
  readonly messageId: bigint;
  readonly request: TlObject;
}

/** What is known of one TCP connection. */
interface Peer {
  readonly handshake: Handshake;
  session?: Session;
  /** Closes the connection, unless the client asks for more time. */
  closing?: NodeJS.Timeout;
}

/** The error code of `bad_server_salt`. */
const incorrectSalt = 48;
/** Transport error: the server does not know this key. */
const unknownKey = 404;
/** The bytes of `msgs_state_info`: 4, the message was received; 1, nothing is known of it. */
const messageReceived = 4;
const messageUnknown = 1;

/** Of how many sessions of a key it is known what the client has not acknowledged. */
const keptSessions = 16;

/** A client that reconnects in new sessions does not come back to the old ones. */
const forgetOldest = (sessions: Map<bigint, Session>): void => {
  for (const [id, session] of sessions) {
    if (sessions.size <= keptSessions) return;
    if (!session.connected) sessions.delete(id);
  }
};

/** MTProto 2.0 over TCP: handshakes, keys, sessions. It knows nothing of the Telegram API above it. */
export class MtprotoServer {
  readonly authKeys = new AuthKeys();
  #messageIds = new MessageIds();
  #peers = new Map<Connection, Peer>();
  #onCall: (call: IncomingCall) => void;
  #onFault: (error: unknown) => void;
  #server: Server;
  #silent = false;

  /** `onFault` is told of broken connections and of clients that break the protocol. */
  constructor(serverKey: ServerKey, onCall: (call: IncomingCall) => void, onFault: (error: unknown) => void) {
    this.#onCall = onCall;
    this.#onFault = onFault;
    this.#server = createServer((socket) => {
      const connection = new Connection(socket, {
        onPayload: (from, payload) => this.#receive(from, payload),
        onError: (_, error) => this.#onFault(error),
        onClose: (closed) => {
          clearTimeout(this.#peers.get(closed)?.closing);
          this.#peers.delete(closed);
        },
      });
      connection.silent = this.#silent;
      this.#peers.set(connection, { handshake: new Handshake(serverKey) });
    });
  }

  /** The port that it listens on, once it does. */
  async listen(port: number, host: string): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
    return address.port;
  }

  /** Connections stay open, and nothing comes or goes over them. */
  set silent(silent: boolean) {
    this.#silent = silent;
    for (const connection of this.#peers.keys()) connection.silent = silent;
  }

  get silent(): boolean {
    return this.#silent;
  }

  dropConnections(): void {
    for (const connection of this.#peers.keys()) connection.close();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.dropConnections();
    await closed;
  }

  #receive(connection: Connection, payload: Buffer): void {
    const keyId = payload.readBigUInt64LE(0);
    if (keyId === 0n) this.#receivePlain(connection, payload.subarray(20));
    else this.#receiveEncrypted(connection, keyId, payload.subarray(8));
  }

  #receivePlain(connection: Connection, body: Buffer): void {
    const peer = this.#peers.get(connection);
    if (!peer || body.readUInt32LE(0) === constructors.messagesAck) return;
    const { answer, authKey } = peer.handshake.step(readTl(body));
    if (authKey) this.authKeys.add(authKey.key, authKey.salt);
    const bytes = answer.getBytes();
    const id = this.#messageIds.next('answer');
    connection.send(Buffer.concat([Buffer.alloc(8), int64(id), int32(bytes.length), bytes]));
  }

  #receiveEncrypted(connection: Connection, keyId: bigint, sealed: Buffer): void {
    const authKey = this.authKeys.find(keyId);
    if (!authKey) {
      connection.sendError(unknownKey);
      return;
    }
    const plain = unseal(authKey.key, sealed, 'client');
    if (!plain) throw new Error('an encrypted message whose key does not match its content');
    const header = readHeader(plain);
    if (header.salt !== authKey.salt) {
      this.#correctSalt(connection, header, new Session(header.sessionId, authKey, this.#messageIds));
      return;
    }
    const session = this.#sessionOf(connection, header, authKey);
    for (const { messageId, body } of innerMessages(header.messageId, header.body)) {
      if (body.readUInt32LE(0) === constructors.messagesAck) {
        for (const id of acknowledgedIds(body)) session.acknowledge(id);
      } else this.#handle(connection, session, messageId, body);
    }
  }

  /** Answers in a throw-away session: the real one begins, and is announced, with the first message that is right. */
  #correctSalt(connection: Connection, header: MessageHeader, session: Session): void {
    session.attach(connection);
    session.service(
      new Api.BadServerSalt({
        badMsgId: long(header.messageId),
        badMsgSeqno: header.sequence,
        errorCode: incorrectSalt,
        newServerSalt: long(session.authKey.salt),
      }),
    );
  }

  #sessionOf(connection: Connection, header: MessageHeader, authKey: Session['authKey']): Session {
    const peer = this.#peers.get(connection);
    if (peer?.session?.id === header.sessionId) return peer.session;
    const known = authKey.sessions.get(header.sessionId);
    const session = known ?? new Session(header.sessionId, authKey, this.#messageIds);
    peer?.session?.detach();
    if (peer) peer.session = session;
    authKey.sessions.set(session.id, session);
    forgetOldest(authKey.sessions);
    session.attach(connection);
    if (!known) session.announce(header.messageId);
    return session;
  }

  #handle(connection: Connection, session: Session, messageId: bigint, body: Buffer): void {
    let request: TlObject;
    try {
      request = readTl(body);
    } catch (error) {
      this.#onFault(error);
      session.fail(messageId, 400, `INPUT_CONSTRUCTOR_INVALID_${body.readUInt32LE(0).toString(16)}`);
      return;
    }
    if (request instanceof Api.PingDelayDisconnect)
      this.#closeAfter(connection, request.disconnectDelay * 1000);
    if (this.#handleService(session, messageId, request)) return;
    if (session.receive(messageId)) this.#onCall({ session, messageId, request });
  }

  /**
   * Replaces the time at which the connection is closed; nothing but the same kind of ping puts it off
   * (https://core.telegram.org/mtproto/service_messages#deferred-connection-closure-ping).
   */
  #closeAfter(connection: Connection, delayMs: number): void {
    const peer = this.#peers.get(connection);
    if (!peer) return;
    clearTimeout(peer.closing);
    peer.closing = setTimeout(() => {
      // That nothing gets through is no news to the client: the closing does not either.
      if (connection.silent) this.#closeAfter(connection, delayMs);
      else connection.close();
    }, delayMs);
  }

  /** True where the message belongs to the protocol itself and has been dealt with. */
  #handleService(session: Session, messageId: bigint, request: TlObject): boolean {
    const reqMsgId = long(messageId);
    if (request instanceof Api.Ping || request instanceof Api.PingDelayDisconnect)
      session.service(new Api.Pong({ msgId: reqMsgId, pingId: request.pingId }));
    else if (request instanceof Api.GetFutureSalts) {
      const salt = new Api.FutureSalt({
        validSince: 1,
        validUntil: 2 ** 31 - 1,
        salt: long(session.authKey.salt),
      });
      session.service(new Api.FutureSalts({ reqMsgId, now: Math.floor(Date.now() / 1000), salts: [salt] }));
    } else if (request instanceof Api.MsgsStateReq) {
      const states = request.msgIds.map((id) =>
        session.hasReceived(nativeLong(id)) ? messageReceived : messageUnknown,
      );
      session.service(new Api.MsgsStateInfo({ reqMsgId, info: String.fromCharCode(...states) }));
    } else if (request instanceof Api.DestroySession)
      session.service(new Api.DestroySessionOk({ sessionId: request.sessionId }));
    else return ['MsgsStateInfo', 'MsgResendReq', 'MsgsAllInfo', 'HttpWait'].includes(request.className);
    return true;
  }
}

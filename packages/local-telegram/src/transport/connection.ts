import type { Socket } from 'node:net';
import { Framing } from './framing.ts';

/** What a connection tells its owner; `onError` is followed by `onClose`. */
export interface ConnectionEvents {
  onPayload(connection: Connection, payload: Buffer): void;
  onError(connection: Connection, error: unknown): void;
  onClose(connection: Connection): void;
}

/** A client's TCP connection, as payloads. */
export class Connection {
  /** While true nothing goes out and what comes in is thrown away, though the connection stays open. */
  silent = false;
  #socket: Socket;
  #framing = new Framing();

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', (error) => events.onError(this, error));
    socket.on('close', () => events.onClose(this));
    socket.on('data', (chunk) => {
      try {
        for (const payload of this.#framing.push(chunk)) if (!this.silent) events.onPayload(this, payload);
      } catch (error) {
        events.onError(this, error);
        this.close();
      }
    });
  }

  /** Neither side has closed it. */
  get open(): boolean {
    return !this.#socket.destroyed && !this.#socket.readableEnded;
  }

  send(payload: Buffer): void {
    if (!this.open || this.silent || !this.#framing.mode) return;
    // What is sent in one turn goes out in one write: where a thousand people speak at once, each write would wake a client.
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#socket.write(this.#framing.encode(payload));
  }

  /** A transport error: four bytes, the negative code (https://core.telegram.org/mtproto/mtproto-transports#transport-errors). */
  sendError(code: number): void {
    const body = Buffer.alloc(4);
    body.writeInt32LE(-code);
    this.send(body);
  }

  close(): void {
    this.#socket.uncork();
    this.#socket.destroy();
  }
}

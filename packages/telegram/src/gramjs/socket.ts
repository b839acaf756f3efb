import { createConnection, type Socket } from 'node:net';
import { PromisedNetSockets } from 'telegram/extensions/PromisedNetSockets.js';
import { release } from './release.ts';

interface Address {
  host: string;
  port: number;
  connectTimeoutMs: number;
}

/**
 * The TCP socket under a link. In place of the library's own: that one has no connect timeout, copies all that is
 * unread on each packet, and shares one lock between all sockets of the process.
 */
export class TcpSocket extends PromisedNetSockets {
  readonly #address: Address;
  #socket: Socket | undefined;
  #unread: Buffer[] = [];
  #unreadBytes = 0;
  #reader: { bytes: number; resolve: (data: Buffer) => void; reject: (error: Error) => void } | undefined;
  #end: Error | undefined;

  constructor(address: Address) {
    super();
    this.#address = address;
  }

  override connect(): Promise<void> {
    const { host, port, connectTimeoutMs } = this.#address;
    const socket = createConnection({ host, port, noDelay: true, keepAlive: true });
    this.#socket = socket;
    return new Promise((resolve, reject) => {
      socket.setTimeout(connectTimeoutMs, () =>
        socket.destroy(new Error(`no connection in ${connectTimeoutMs} ms`)),
      );
      socket.once('connect', () => {
        socket.setTimeout(0);
        resolve();
      });
      socket.on('data', (data) => this.#receive(data));
      socket.on('error', (error) => this.#finish(error));
      socket.once('close', () => {
        this.#finish(new Error('the connection was closed'));
        reject(this.#end);
      });
    });
  }

  override readExactly(bytes: number): Promise<Buffer> {
    if (this.#unreadBytes >= bytes) return Promise.resolve(this.#take(bytes));
    if (this.#end) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#reader = { bytes, resolve, reject };
    });
  }

  /** Takes `data` over: its memory is given back once the kernel has it. */
  override write(data: Buffer): void {
    if (this.#end) throw this.#end;
    this.#socket?.write(data, (error) => {
      if (!error) release(data);
    });
  }

  override async close(): Promise<void> {
    this.#socket?.destroy();
  }

  /** Bytes received plus bytes handed to the kernel: stands still on a dead link, and only then. */
  get bytesMoved(): number {
    const socket = this.#socket;
    return socket ? socket.bytesRead + socket.bytesWritten - socket.writableLength : 0;
  }

  #receive(data: Buffer): void {
    this.#unread.push(data);
    this.#unreadBytes += data.length;
    const reader = this.#reader;
    if (!reader || this.#unreadBytes < reader.bytes) return;
    this.#reader = undefined;
    reader.resolve(this.#take(reader.bytes));
  }

  #take(bytes: number): Buffer {
    const [first] = this.#unread;
    const all = first && first.length >= bytes ? first : Buffer.concat(this.#unread);
    const rest = all === first ? this.#unread.slice(1) : [];
    this.#unread = all.length > bytes ? [all.subarray(bytes), ...rest] : rest;
    this.#unreadBytes -= bytes;
    return all.subarray(0, bytes);
  }

  #finish(error: Error): void {
    this.#end ??= error;
    this.#reader?.reject(this.#end);
    this.#reader = undefined;
  }
}

/** A socket class that always connects to `address`: the library wants a class, and would choose a port of its own. */
export const socketTo = (address: Address) =>
  class extends TcpSocket {
    constructor() {
      super(address);
    }
  };

/** Bytes as they arrive from a socket, read by length; a copy is made only where a read spans chunks. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next `count` bytes without taking them, or null where fewer have arrived. */
  peek(count: number): Buffer | null {
    if (this.#length < count) return null;
    const first = this.#chunks[0];
    if (first && first.length >= count) return first.subarray(0, count);
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined.subarray(0, count);
  }

  /** The same bytes, taken off the queue. */
  take(count: number): Buffer | null {
    const taken = this.peek(count);
    const first = this.#chunks[0];
    if (!taken || !first) return taken;
    this.#length -= count;
    if (first.length === count) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
    return taken;
  }
}

import { MessagePacker } from 'telegram/extensions/MessagePacker.js';
import type { RequestState } from 'telegram/network/RequestState.js';

/** What is as large as this is a part of a file. */
const largeBytes = 64 * 1024;

/**
 * The library's queue of what is to be sent; together goes what fits. A part of a file goes alone: in one container with
 * so much as an acknowledgement it is copied twice more, and the copies take memory until the next garbage collection.
 */
export class Packer extends MessagePacker {
  override async get(): ReturnType<MessagePacker['get']> {
    // Private in the library's types. What wakes up the reader of the queue has no state.
    const queued = this as unknown as { _queue: (RequestState | undefined)[] };
    const large = queued._queue.findIndex((state) => state && state.data.length >= largeBytes);
    if (large < 0) return super.get();
    const later = queued._queue.splice(Math.max(large, 1));
    try {
      return await super.get();
    } finally {
      queued._queue = [...later, ...queued._queue];
    }
  }
}

import { open } from 'node:fs/promises';

const blockBytes = 256 * 1024;

/**
 * Reads a file from its beginning to its end, block by block, into one buffer: `use` has a block until its promise
 * settles. A stream would leave behind a buffer for each.
 * @throws the signal's reason, and what reading and `use` throw.
 */
export const readBlocks = async (
  path: string,
  use: (block: Buffer) => unknown,
  signal?: AbortSignal,
): Promise<void> => {
  const buffer = Buffer.allocUnsafeSlow(blockBytes);
  const file = await open(path, 'r');
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, blockBytes);
      if (bytesRead === 0) return;
      await use(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
};

import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'minio';
import type { ObjectSource } from './media-store.ts';
import { sourceStreams } from './source-stream.ts';

/** S3 wants at least 5 MiB in each part but the last, and allows 10,000 parts: 160 GB. One part is held in memory. */
const partBytes = 16 * 1024 * 1024;

/** The stream in blocks of exactly `partBytes`, the last one shorter; one empty block where the stream is empty. */
async function* parts(stream: Readable): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let length = 0;
  let count = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held.push(chunk);
    length += chunk.length;
    while (length >= partBytes) {
      const all = Buffer.concat(held, length);
      count += 1;
      yield all.subarray(0, partBytes);
      const rest = all.subarray(partBytes);
      held = [rest];
      length = rest.length;
    }
  }
  if (length > 0 || count === 0) yield Buffer.concat(held, length);
}

/**
 * Stores a stream under a key: in one request where it fits one part, else as a multipart upload of its own, which is
 * aborted when anything fails. The client's putObject is not used for streams: it joins an unfinished upload of the
 * same key, and so mixes concurrent puts.
 * @returns the number of bytes stored.
 */
export const uploadToS3 = async (
  client: Client,
  bucket: string,
  key: string,
  source: ObjectSource,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<number> => {
  const through = new PassThrough({ highWaterMark: 1024 * 1024 });
  const filled = pipeline([...(await sourceStreams(source)), through], signal ? { signal } : {});
  // The failure reaches the loop below through the stream; awaited again once the last byte is there.
  filled.catch(() => {});

  let uploadId: string | undefined;
  let sizeBytes = 0;
  try {
    const etags: { part: number; etag: string }[] = [];
    let waiting: Buffer | undefined;
    const send = async (payload: Buffer): Promise<void> => {
      signal?.throwIfAborted();
      uploadId ??= await client.initiateNewMultipartUpload(bucket, key, headers);
      const partNumber = etags.length + 1;
      const { etag } = await client.uploadPart(
        { bucketName: bucket, objectName: key, uploadID: uploadId, partNumber, headers: {} },
        payload,
      );
      etags.push({ part: partNumber, etag });
    };
    for await (const part of parts(through)) {
      sizeBytes += part.length;
      if (waiting) await send(waiting);
      waiting = part;
    }
    await filled;
    signal?.throwIfAborted();
    const last = waiting ?? Buffer.alloc(0);
    if (uploadId === undefined) {
      await client.putObject(bucket, key, last, last.length, headers);
      return sizeBytes;
    }
    await send(last);
    await client.completeMultipartUpload(bucket, key, uploadId, etags);
    return sizeBytes;
  } catch (error) {
    through.destroy();
    // Best effort: an upload that could not be aborted is invisible, and expires by the bucket's own rules.
    if (uploadId !== undefined) await client.abortMultipartUpload(bucket, key, uploadId).catch(() => {});
    signal?.throwIfAborted();
    throw error;
  }
};

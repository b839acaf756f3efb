import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { type BucketItemStat, Client } from 'minio';
import {
  checkKey,
  checkMetadata,
  clipRange,
  isKey,
  type MediaStore,
  type ObjectInfo,
  ObjectMissing,
} from './media-store.ts';
import { fitsInline, fromHeaders, overflowFolder, overflowName, toHeaders } from './s3-metadata.ts';
import { uploadToS3 } from './s3-upload.ts';

export interface S3Options {
  /** `http://host:9000` or `https://…`; the scheme decides on TLS. */
  endpoint: string;
  accessKey: string;
  secretKey: string;
  /** Made where it is missing. */
  bucket: string;
  region?: string;
}

const isCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

/** A listing does not carry metadata: so many objects are asked for theirs at once. */
const listedAtOnce = 16;

/** Keeps objects in a bucket of any S3 server. Requests that fail in passing are repeated by the client library. */
export const createS3Store = ({ endpoint, accessKey, secretKey, bucket, region }: S3Options): MediaStore => {
  const { protocol, hostname, port } = new URL(endpoint);
  const client = new Client({
    endPoint: hostname.replace(/^\[|\]$/g, ''),
    useSSL: protocol === 'https:',
    accessKey,
    secretKey,
    region: region ?? 'us-east-1',
    ...(port === '' ? {} : { port: Number(port) }),
  });

  const makeBucket = async (): Promise<void> => {
    if (await client.bucketExists(bucket)) return;
    try {
      await client.makeBucket(bucket, region ?? 'us-east-1');
    } catch (error) {
      // Another process made it in the same instant.
      if (!isCode(error, 'BucketAlreadyOwnedByYou', 'BucketAlreadyExists')) throw error;
    }
  };
  let bucketMade: Promise<void> | undefined;
  const ensureBucket = (): Promise<void> => {
    bucketMade ??= makeBucket().catch((error: unknown) => {
      bucketMade = undefined;
      throw error;
    });
    return bucketMade;
  };

  const statOf = async (key: string): Promise<BucketItemStat | null> => {
    checkKey(key);
    try {
      return await client.statObject(bucket, key);
    } catch (error) {
      if (isCode(error, 'NotFound', 'NoSuchKey', 'NoSuchBucket')) return null;
      throw error;
    }
  };

  const overflowOf = (stat: BucketItemStat | null): string | undefined =>
    stat ? fromHeaders(stat.metaData)[overflowName] : undefined;

  /** The object with its metadata, from the headers or from the object that they point to. */
  const infoOf = async (key: string): Promise<ObjectInfo | null> => {
    for (let attempt = 0; ; attempt += 1) {
      const stat = await statOf(key);
      if (!stat) return null;
      const type = String(stat.metaData['content-type'] ?? 'application/octet-stream');
      const about = { key, sizeBytes: stat.size, type, storedAt: stat.lastModified };
      const overflow = overflowOf(stat);
      if (overflow === undefined) return { ...about, metadata: fromHeaders(stat.metaData) };
      try {
        const metadata = (await json(await client.getObject(bucket, overflow))) as Record<string, string>;
        return { ...about, metadata };
      } catch (error) {
        // The object was replaced between the two requests: its headers now name other metadata.
        if (!isCode(error, 'NoSuchKey') || attempt >= 5) throw error;
      }
    }
  };

  /** Puts metadata that are too long for headers into an object of their own, and returns its name. */
  const putOverflow = async (metadata: Record<string, string>): Promise<string> => {
    const name = `${overflowFolder}${randomUUID()}.json`;
    const body = Buffer.from(JSON.stringify(metadata));
    await client.putObject(bucket, name, body, body.length, { 'content-type': 'application/json' });
    return name;
  };

  return {
    async put(key, source, about, signal) {
      checkKey(key);
      checkMetadata(about.metadata);
      signal?.throwIfAborted();
      await ensureBucket();
      const replaced = overflowOf(await statOf(key));
      const { type, metadata } = about;
      const overflow = fitsInline(metadata) ? undefined : await putOverflow(metadata);
      const headers = {
        ...toHeaders(overflow === undefined ? metadata : { [overflowName]: overflow }),
        'content-type': type,
      };
      try {
        const sizeBytes = await uploadToS3(client, bucket, key, source, headers, signal);
        if (replaced !== undefined) await client.removeObject(bucket, replaced);
        return { key, sizeBytes, type, metadata, storedAt: new Date() };
      } catch (error) {
        // Best effort: nothing refers to it, and the failure that counts is the first.
        if (overflow !== undefined) await client.removeObject(bucket, overflow).catch(() => {});
        throw error;
      }
    },

    find: infoOf,

    async read(key, range): Promise<Readable> {
      checkKey(key);
      try {
        if (!range) return await client.getObject(bucket, key);
        const stat = await statOf(key);
        if (!stat) throw new ObjectMissing(key);
        const { start, end } = clipRange(range, stat.size);
        return await client.getPartialObject(bucket, key, start, end - start + 1);
      } catch (cause) {
        if (isCode(cause, 'NoSuchKey', 'NotFound', 'NoSuchBucket')) throw new ObjectMissing(key, { cause });
        throw cause;
      }
    },

    async delete(key) {
      const stat = await statOf(key);
      if (!stat) return;
      await client.removeObject(bucket, key);
      const overflow = overflowOf(stat);
      if (overflow !== undefined) await client.removeObject(bucket, overflow);
    },

    async *list(prefix = '') {
      const ahead: Promise<ObjectInfo | null>[] = [];
      const next = async (): Promise<ObjectInfo[]> => {
        const info = await ahead.shift();
        // Deleted since it was listed.
        return info ? [info] : [];
      };
      try {
        for await (const { name } of client.listObjectsV2(bucket, prefix, true)) {
          // Other programs may keep things in the bucket as well.
          if (name === undefined || name.startsWith(overflowFolder) || !isKey(name)) continue;
          const coming = infoOf(name);
          // Whoever iterates gets the failure when its turn comes, and may have left before.
          coming.catch(() => {});
          ahead.push(coming);
          if (ahead.length >= listedAtOnce) yield* await next();
        }
        while (ahead.length > 0) yield* await next();
      } catch (error) {
        // The bucket is made by the first put.
        if (!isCode(error, 'NoSuchBucket')) throw error;
      }
    },

    async check() {
      await ensureBucket();
      // Made once does not mean still there.
      if (!(await client.bucketExists(bucket))) {
        bucketMade = undefined;
        await ensureBucket();
      }
    },
  };
};

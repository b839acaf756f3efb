import { randomUUID } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Client } from 'minio';
import { describe, expect, inject, it, vi } from 'vitest';
import { createS3Store } from '../src/index.ts';
import { mediaStoreConformance } from './media-store-conformance.ts';

const server = inject('s3');
const about = { type: 'video/mp4', metadata: {} };

if (server) {
  const bucketName = (): string => `heavy-${randomUUID()}`;
  const suiteBucket = bucketName();
  mediaStoreConformance('createS3Store', async () => createS3Store({ ...server, bucket: suiteBucket }));

  describe('createS3Store on the server', () => {
    const { hostname, port } = new URL(server.endpoint);
    const client = new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      accessKey: server.accessKey,
      secretKey: server.secretKey,
    });

    it('makes its bucket once, also when two begin together', async () => {
      const bucket = bucketName();
      await Promise.all([1, 2].map(() => createS3Store({ ...server, bucket }).check()));
      expect(await client.bucketExists(bucket)).toBe(true);
    });

    it('leaves no unfinished upload and no stray metadata behind a put that failed', async () => {
      const bucket = bucketName();
      const store = createS3Store({ ...server, bucket });
      // MinIO lists unfinished uploads by the whole key only.
      const unfinished = () => client.listIncompleteUploads(bucket, 'video/a.mp4', true).toArray();
      const stream = Readable.from(
        (async function* () {
          for (let n = 0; n < 3; n += 1) yield Buffer.alloc(17 * 1024 * 1024);
          await vi.waitFor(async () => expect(await unfinished()).toHaveLength(1));
          throw new Error('the source broke');
        })(),
      );
      const long = { type: 'video/mp4', metadata: { title: 'x'.repeat(3000) } };
      await expect(store.put('video/a.mp4', { stream }, long)).rejects.toThrow('the source broke');
      expect(await unfinished()).toEqual([]);
      expect(await client.listObjectsV2(bucket, '', true).toArray()).toEqual([]);
    });

    it('removes long metadata with their object', async () => {
      const bucket = bucketName();
      const store = createS3Store({ ...server, bucket });
      const long = { type: 'video/mp4', metadata: { title: 'x'.repeat(3000) } };
      const put = () => store.put('video/a.mp4', { stream: Readable.from(['x']) }, long);
      await put();
      await put();
      expect(await client.listObjectsV2(bucket, '', true).toArray()).toHaveLength(2);
      await store.delete('video/a.mp4');
      expect(await client.listObjectsV2(bucket, '', true).toArray()).toEqual([]);
    });

    it('reads an object that another program stored', async () => {
      const bucket = bucketName();
      const store = createS3Store({ ...server, bucket });
      await store.check();
      await client.putObject(bucket, 'video/a.mp4', Buffer.from('x'), 1, {
        title: '100%',
        'content-type': 'a/b',
      });
      expect(await store.find('video/a.mp4')).toMatchObject({ type: 'a/b', metadata: { title: '100%' } });
      expect((await buffer(await store.read('video/a.mp4'))).toString()).toBe('x');
    });

    it('lists what another program stored under a key like ours, and passes over all else', async () => {
      const bucket = bucketName();
      const store = createS3Store({ ...server, bucket });
      expect(await Array.fromAsync(store.list())).toEqual([]);
      await store.check();
      for (const key of ['video/a.mp4', 'a film.mp4', 'metadata/x.json'])
        await client.putObject(bucket, key, Buffer.from('x'));
      expect((await Array.fromAsync(store.list())).map(({ key }) => key)).toEqual(['video/a.mp4']);
    });

    it('does not list where the server refuses', async () => {
      const refused = createS3Store({ ...server, bucket: suiteBucket, secretKey: 'wrong-secret' });
      await expect(Array.fromAsync(refused.list())).rejects.toThrow();
    });

    it('is not healthy with a wrong secret, or where nobody listens', async () => {
      const bucket = bucketName();
      await expect(createS3Store({ ...server, bucket, secretKey: 'wrong-secret' }).check()).rejects.toThrow();
      const nobody = createS3Store({ ...server, bucket, endpoint: 'http://127.0.0.1:9' });
      await expect(nobody.check()).rejects.toThrow('ECONNREFUSED');
      await expect(nobody.put('video/a.mp4', { stream: new PassThrough().end() }, about)).rejects.toThrow();
    });
  });
} else {
  describe.skip('createS3Store: no S3 server could be had here', () => {
    it('passes the conformance suite', () => {});
  });
}

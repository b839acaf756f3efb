import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentHash, createS3Store } from '@heavy/media';
import { startStack } from '@heavy/stack';
import { describe, expect, inject, it } from 'vitest';

describe('a stack whose media are in S3', () => {
  it.skipIf(inject('s3') === undefined)(
    'answers from the bucket, and serves a repeat without a download',
    async () => {
      const dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
      const stack = await startStack({ dir, store: 's3' });
      try {
        const chat = stack.chats[0]!;
        const ask = async (who: string, text: string) => {
          const command = stack.world.user(who).in(chat).says(text);
          return chat.waitFor((message) => message.replyTo === command && message.media !== undefined, {
            timeoutMs: 120_000,
          });
        };
        const url = `${stack.site.url}/watch/sample`;
        const first = await ask('alice', `.vdl ${url}`);
        const requests = stack.site.requests.length;
        const second = await ask('alice', `.vdl ${url}#again`);
        expect(stack.site.requests).toHaveLength(requests);
        expect(await second.media!.sha256()).toBe(await first.media!.sha256());

        const { endpoint, accessKey, secretKey } = stack.s3!;
        const store = createS3Store({ endpoint, accessKey, secretKey, bucket: 'media' });
        const stored = await store.find(`video/${contentHash({ url, kind: 'video' })}.mp4`);
        expect(stored).toMatchObject({
          sizeBytes: first.media!.sizeBytes,
          metadata: { title: 'Sample page: Überraschung', sourceUrl: url },
        });
      } finally {
        await stack.stop();
        await rm(dir, { recursive: true, force: true });
      }
    },
  );
});

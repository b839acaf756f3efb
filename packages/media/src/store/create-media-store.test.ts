import { describe, expect, it } from 'vitest';
import { createMediaStore } from './create-media-store.ts';

const s3 = { endpoint: 'http://127.0.0.1:9', accessKey: 'a', secretKey: 'b' };

describe('createMediaStore', () => {
  it('makes a store of a folder and of a bucket', () => {
    expect(createMediaStore({ location: 'file:///var/lib/heavy' })).toHaveProperty('put');
    expect(createMediaStore({ location: 's3://heavy-media', s3 })).toHaveProperty('put');
  });

  it.each(['', 'heavy', '/var/lib/heavy', 's3://', 's3://bucket/prefix', 'https://bucket'])(
    'refuses the location %j',
    (location) => {
      expect(() => createMediaStore({ location, s3 })).toThrow('is no media store');
    },
  );

  it('refuses a bucket without the options of its server', () => {
    expect(() => createMediaStore({ location: 's3://bucket' })).toThrow('needs an S3 endpoint');
  });
});

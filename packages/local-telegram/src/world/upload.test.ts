import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Upload } from './upload.ts';

describe('Upload', () => {
  let folder: string;
  let upload: Upload;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'upload-test-'));
    upload = new Upload(join(folder, 'file'));
  });
  afterEach(async () => {
    await upload.close();
    await rm(folder, { recursive: true });
  });

  const parts = [randomBytes(2048), randomBytes(2048), randomBytes(2048), randomBytes(100)];

  it.each([
    ['in order', [0, 1, 2, 3]],
    ['the last first', [3, 2, 1, 0]],
    ['with repeats', [3, 1, 1, 0, 3, 2]],
  ])('puts a large file together that comes %s', async (_, order) => {
    for (const part of order) await upload.write(part, parts[part]!, parts.length);
    const file = await upload.finish(parts.length);
    expect(file.sizeBytes).toBe(2048 * 3 + 100);
    expect(await readFile(file.path)).toEqual(Buffer.concat(parts));
  });

  it('puts a small file together, of which nobody says how many parts it has', async () => {
    for (const part of [3, 1, 2, 0]) await upload.write(part, parts[part]!, undefined);
    expect(await readFile((await upload.finish(4)).path)).toEqual(Buffer.concat(parts));
  });

  it('gives the same file when it is asked again', async () => {
    await upload.write(0, parts[3]!, 1);
    expect(await upload.finish(1)).toEqual(await upload.finish(1));
  });

  it('refuses parts of different sizes in a small file', async () => {
    await upload.write(0, parts[0]!, undefined);
    await upload.write(1, parts[3]!, undefined);
    await upload.write(2, parts[1]!, undefined);
    await expect(upload.finish(3)).rejects.toThrow('FILE_PARTS_INVALID');
  });
});

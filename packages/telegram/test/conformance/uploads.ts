import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  FilePartMissing,
  type FileToUpload,
  type TelegramAccount,
  type UploadedFile,
} from '../../src/index.ts';
import type { Stage } from './stage.ts';

const partBytes = 512 * 1024;
const bigPart = 'upload.SaveBigFilePart';
/** What an account has under way at once; the driver's default. */
const workers = 4;

/** A file that is in no memory as a whole: each part is the same noise under a number of its own. */
const madeUp = (sizeBytes: number) => {
  const noise = randomBytes(partBytes);
  const part = (index: number): Buffer => {
    const bytes = Buffer.allocUnsafeSlow(Math.min(partBytes, sizeBytes - index * partBytes));
    noise.copy(bytes);
    bytes.writeUInt32LE(index);
    return bytes;
  };
  const parts = Math.ceil(sizeBytes / partBytes);
  const sha256 = (): string => {
    const hash = createHash('sha256');
    for (let index = 0; index < parts; index += 1) hash.update(part(index));
    return hash.digest('hex');
  };
  const file: FileToUpload = {
    name: 'film.mp4',
    sizeBytes,
    read: async ({ start }) => part(start / partBytes),
  };
  return { file, parts, sha256 };
};

/** What becomes of uploads of hundreds of megabytes, and of those that are larger than Telegram allows. */
export const uploadsConformance = (stage: Stage): void => {
  let account: TelegramAccount;
  const asVideo = { kind: 'video', mime: 'video/mp4', fileName: 'film.mp4' } as const;
  const post = (file: UploadedFile) =>
    account.sendMedia({ ...asVideo, chatId: stage.club.id, file, randomId: 1n });
  const posted = () => stage.club.messages().at(-1)!.media!;
  const accepted = () => stage.dc.acceptedParts.map(({ part }) => part);

  beforeEach(async () => {
    account = await stage.connected();
  });

  describe('uploadLimitBytes', () => {
    it('is what Telegram says of the account', async () => {
      stage.dc.limits.uploadParts.default = 7;
      expect(await account.uploadLimitBytes()).toBe(7 * partBytes);
      await account.uploadLimitBytes();
      expect(stage.dc.calls.filter(({ method }) => method === 'help.GetAppConfig')).toHaveLength(1);
    });

    it('is larger for an account with premium', async () => {
      stage.dc.world.user('heavy').premium = true;
      const other = await stage.connected();
      expect(await other.uploadLimitBytes()).toBe(8000 * partBytes);
    });

    it('is the documented one where Telegram does not say', async () => {
      stage.dc.faults.add({ method: 'help.GetAppConfig', error: [400, 'METHOD_INVALID'] });
      expect(await account.uploadLimitBytes()).toBe(2_097_152_000);
    });
  });

  describe('upload', () => {
    it('refuses a file over the limit before a part of it is sent, as Telegram would', async () => {
      stage.dc.limits.uploadParts.default = 30;
      await expect(account.upload(madeUp(31 * partBytes).file)).rejects.toMatchObject({
        ...{ name: 'Refused', code: 'FILE_PARTS_INVALID' },
      });
      expect(accepted()).toEqual([]);
      await account.upload(madeUp(30 * partBytes).file);
      // It was told 30 an hour ago at most.
      stage.dc.limits.uploadParts.default = 29;
      await expect(account.upload(madeUp(30 * partBytes).file)).rejects.toMatchObject({
        ...{ name: 'Refused', code: 'FILE_PARTS_INVALID' },
      });
    });

    it('of 300 MB goes on where it was after three drops, and sends no accepted part again', {
      timeout: 180_000,
    }, async () => {
      const { file, parts, sha256 } = madeUp(300_000_001);
      const drops: number[] = [];
      const uploaded = await account.upload({
        ...file,
        onProgress: (sentBytes) => {
          if (drops.length === 3 || sentBytes < ((drops.length + 1) * file.sizeBytes) / 4) return;
          drops.push(stage.dc.acceptedParts.length);
          stage.dc.dropConnections();
        },
      });
      await post(uploaded);
      expect(drops).toHaveLength(3);
      expect(await posted().sha256()).toBe(sha256());
      const all = accepted();
      expect(new Set(all).size).toBe(parts);
      // Only an answer that was on its way when the connection dropped can be lost: a part among the last ones by then.
      const repeated = all.filter((part, at) => all.indexOf(part) !== at).map((part) => all.indexOf(part));
      const wasUnderWay = (at: number) => drops.some((drop) => at >= drop - workers && at < drop + workers);
      expect(repeated.filter((at) => !wasUnderWay(at))).toEqual([]);
      expect(repeated.length).toBeLessThanOrEqual(3 * workers);
    });

    it('waits for as long as its parts have to, and lets messages pass', async () => {
      const { file, sha256 } = madeUp(12 * 1024 * 1024);
      stage.dc.faults.add({ method: bigPart, error: [420, 'FLOOD_PREMIUM_WAIT_3'] });
      const startedAt = performance.now();
      let uploaded = false;
      const uploading = account.upload(file).finally(() => {
        uploaded = true;
      });
      await vi.waitFor(() => expect(stage.dc.calls.some(({ error }) => error !== undefined)).toBe(true));
      await account.sendText({ chatId: stage.club.id, text: 'meanwhile', randomId: 9n });
      expect(uploaded).toBe(false);
      await post(await uploading);
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(3000);
      expect(await posted().sha256()).toBe(sha256());
      expect(accepted()).toHaveLength(24);
    });
  });

  describe('uploadPart', () => {
    it.each([
      { what: 'a big file', sizeBytes: 11_000_001, part: 20 },
      { what: 'a small file', sizeBytes: 1_300_000, part: 1 },
    ])('sends the part of $what again that Telegram has lost', async ({ sizeBytes, part }) => {
      const { file, parts, sha256 } = madeUp(sizeBytes);
      const uploaded = await account.upload(file);
      stage.dc.faults.add({ method: 'messages.UploadMedia', error: [400, `FILE_PART_${part}_MISSING`] });
      const missing = await account.createDocument({ ...asVideo, file: uploaded }).catch((error) => error);
      expect(missing).toBeInstanceOf(FilePartMissing);
      expect(missing).toMatchObject({ part, code: `FILE_PART_${part}_MISSING` });
      await account.uploadPart(uploaded, part, file);
      expect(accepted().slice(parts)).toEqual([part]);
      await post(uploaded);
      expect(await posted().sha256()).toBe(sha256());
    });
  });
};

import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FileToUpload, MediaToSend, TelegramAccount, UploadedFile } from '../../src/index.ts';
import { FileReferenceExpired } from '../../src/index.ts';
import type { Stage } from './stage.ts';

const bigFile = randomBytes(25_000_001);
const smallFile = bigFile.subarray(0, 1_300_000);
const jpeg = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAAUACABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AJ+AAAD/2Q==',
  'base64',
);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

export const filesConformance = (stage: Stage): void => {
  let account: TelegramAccount;
  const upload = (bytes: Buffer, more: Partial<FileToUpload> = {}) =>
    account.upload({
      name: 'film.mp4',
      sizeBytes: bytes.length,
      read: async ({ start, end }) => bytes.subarray(start, end),
      ...more,
    });
  const send = (file: MediaToSend['file'], more: Partial<MediaToSend> = {}) =>
    account.sendMedia({
      chatId: stage.club.id,
      file,
      kind: 'video',
      mime: 'video/mp4',
      fileName: 'film.mp4',
      randomId: 1n,
      ...more,
    });
  const lastMedia = () => stage.club.messages().at(-1)!.media!;

  beforeEach(async () => {
    account = await stage.connected({ callTimeoutMs: 3000 });
  });

  describe('upload', () => {
    it.each([
      { what: 'a big file', bytes: bigFile, calls: 48, method: 'upload.SaveBigFilePart' },
      { what: 'a small file', bytes: smallFile, calls: 3, method: 'upload.SaveFilePart' },
    ])('brings $what over unchanged, with progress up to its size', async ({ bytes, calls, method }) => {
      const progress: number[] = [];
      const file = await upload(bytes, { onProgress: (sentBytes) => progress.push(sentBytes) });
      await send(file);
      expect(await lastMedia().sha256()).toBe(sha256(bytes));
      expect(stage.dc.calls.filter((call) => call.method === method)).toHaveLength(calls);
      expect(progress).toEqual(progress.toSorted((a, b) => a - b));
      expect(progress.at(-1)).toBe(bytes.length);
    });

    it('goes on where it was when connections drop in the middle', async () => {
      let dropped = false;
      const file = await upload(bigFile, {
        onProgress: (sentBytes) => {
          if (dropped || sentBytes < bigFile.length / 2) return;
          dropped = true;
          stage.dc.dropConnections();
        },
      });
      await send(file);
      expect(dropped).toBe(true);
      expect(await lastMedia().sha256()).toBe(sha256(bigFile));
      const parts = stage.dc.calls.filter(({ method }) => method === 'upload.SaveBigFilePart');
      expect(parts.length).toBeLessThan(60);
    });

    it.each([
      { what: 'a flood wait', fault: { error: [420, 'FLOOD_WAIT_1'] } },
      { what: 'a fault of the server', fault: { error: [500, 'INTERNAL'] } },
      { what: 'a drop', fault: { drop: 'after' } },
    ] as const)('repeats a part after $what', async ({ fault }) => {
      stage.dc.faults.add({ method: 'upload.SaveFilePart', ...fault });
      await send(await upload(smallFile));
      expect(await lastMedia().sha256()).toBe(sha256(smallFile));
    });

    it('rejects where a part is refused for good', async () => {
      stage.dc.faults.add({ method: 'upload.SaveFilePart', error: [400, 'FILE_PART_INVALID'] });
      await expect(upload(smallFile)).rejects.toMatchObject({ name: 'Refused', code: 'FILE_PART_INVALID' });
    });

    it('ends at once when it is aborted', async () => {
      const aborter = new AbortController();
      stage.dc.faults.latencyMs = 200;
      const uploading = upload(bigFile, {
        signal: aborter.signal,
        onProgress: () => aborter.abort(new Error('cancelled')),
      });
      await expect(uploading).rejects.toThrow('cancelled');
      const begun = stage.dc.calls.length;
      stage.dc.faults.latencyMs = 0;
      await account.getMessage(stage.club.id, 1);
      expect(stage.dc.calls.length).toBe(begun + 1);
    });

    it('rejects with what the source rejects with', async () => {
      const read = () => Promise.reject(new Error('the object is gone'));
      await expect(upload(smallFile, { read })).rejects.toThrow('the object is gone');
    });

    it('lets messages pass while it runs', async () => {
      stage.dc.faults.latencyMs = 50;
      let uploaded = false;
      const uploading = upload(bigFile).then(() => {
        uploaded = true;
      });
      await account.sendText({ chatId: stage.club.id, text: 'meanwhile', randomId: 9n });
      expect(uploaded).toBe(false);
      await uploading;
    });
  });

  describe('sendMedia', () => {
    it('sends a video that plays while it loads, with its thumbnail', async () => {
      const asked = stage.dc.world.user('alice').in('Film club').says('.vdl');
      const sent = await send(await upload(smallFile), {
        durationS: 12.5,
        width: 640,
        height: 360,
        thumbnail: await upload(jpeg, { name: 'thumb.jpg' }),
        caption: 'A film',
        replyTo: asked.idFor(stage.dc.world.user('heavy')),
      });
      const message = stage.club.messages().at(-1)!;
      expect(message).toMatchObject({ text: 'A film', replyTo: asked });
      expect(sent).toMatchObject({
        messageId: message.idFor(stage.dc.world.user('heavy')),
        duplicate: false,
      });
      expect(message.media).toMatchObject({
        kind: 'video',
        mime: 'video/mp4',
        fileName: 'film.mp4',
        durationS: 12.5,
        width: 640,
        height: 360,
        streamable: true,
      });
      expect(await message.media!.thumbnail!.bytes()).toEqual(jpeg);
    });

    it('sends audio with title and performer', async () => {
      const audio = {
        kind: 'audio',
        mime: 'audio/mpeg',
        fileName: 'a.mp3',
        title: 'Song',
        performer: 'Band',
      } as const;
      await send(await upload(smallFile), { ...audio, durationS: 200 });
      expect(lastMedia()).toMatchObject({ ...audio, durationS: 200 });
    });

    it.each([
      { mime: 'audio/ogg', fileName: 'a.opus' },
      { mime: 'audio/mp4', fileName: 'a.m4a' },
    ])('sends $fileName as music, not as a voice message', async ({ mime, fileName }) => {
      await send(await upload(smallFile), { kind: 'audio', mime, fileName, title: 'Song', durationS: 200 });
      expect(lastMedia()).toMatchObject({ kind: 'audio', mime, fileName, title: 'Song', voice: false });
    });

    it('sends a document again without uploading it', async () => {
      const { document } = await send(await upload(smallFile));
      const calls = stage.dc.calls.length;
      const again = JSON.parse(JSON.stringify(document));
      expect(await send(again, { randomId: 2n })).toMatchObject({
        duplicate: false,
        document: { id: document!.id },
      });
      expect(stage.dc.calls.length).toBe(calls + 1);
      const [first, second] = stage.club.messages();
      expect(second!.media).toBe(first!.media);
    });

    it('rejects with FileReferenceExpired where the reference has', async () => {
      const { document } = await send(await upload(smallFile));
      stage.dc.world.expireFileReferences(stage.club);
      await expect(send(document!, { randomId: 2n })).rejects.toThrow(FileReferenceExpired);
    });

    it('sends once where the connection drops after the call is applied, and has the document', async () => {
      const asked = stage.dc.world.user('alice').in('Film club').says('.vdl');
      const replyTo = asked.idFor(stage.dc.world.user('heavy'));
      const file = await upload(smallFile);
      stage.dc.faults.add({ method: 'messages.SendMedia', drop: 'after' });
      const sent = await send(file, { replyTo });
      const [, message, ...more] = stage.club.messages();
      expect(more).toEqual([]);
      expect(sent).toMatchObject({
        messageId: message!.idFor(stage.dc.world.user('heavy')),
        duplicate: true,
        document: { id: String(message!.media!.id) },
      });
    });

    it('knows which of several answers to one message it was that it repeats', async () => {
      const asked = stage.dc.world.user('alice').in('Film club').says('.vdl');
      const replyTo = asked.idFor(stage.dc.world.user('heavy'));
      const document = (file: UploadedFile) =>
        account.createDocument({ file, kind: 'video', mime: 'video/mp4', fileName: 'film.mp4' });
      const one = await document(await upload(smallFile));
      const other = await document(await upload(smallFile));
      const first = await send(one, { replyTo, caption: '1/2', randomId: 1n });
      await send(other, { replyTo, caption: '2/2', randomId: 2n });
      stage.dc.faults.add({ method: 'messages.SendMedia', error: [500, 'RANDOM_ID_DUPLICATE'] });
      expect(await send(one, { replyTo, caption: '1/2', randomId: 1n })).toMatchObject({
        ...{ messageId: first.messageId, duplicate: true },
        document: { id: one.id },
      });
    });
  });

  describe('createDocument', () => {
    it('makes a document that is in no chat, and can be sent to several', async () => {
      const document = await account.createDocument({
        file: await upload(smallFile),
        ...({ kind: 'video', mime: 'video/mp4', fileName: 'film.mp4', durationS: 12.5 } as const),
        ...{ width: 640, height: 360 },
        thumbnail: await upload(jpeg, { name: 'thumb.jpg' }),
      });
      expect(stage.club.messages()).toEqual([]);
      const uploads = () => stage.dc.calls.filter(({ method }) => method.startsWith('upload.')).length;
      const before = uploads();
      const sent = await send(document);
      await send(document, { chatId: stage.cinema.id, randomId: 2n });
      expect(sent.document?.id).toBe(document.id);
      expect(uploads()).toBe(before);
      const here = lastMedia();
      expect(here).toMatchObject({ kind: 'video', fileName: 'film.mp4', durationS: 12.5, streamable: true });
      expect(await here.sha256()).toBe(sha256(smallFile));
      expect(await here.thumbnail!.bytes()).toEqual(jpeg);
      expect(stage.cinema.messages().at(-1)!.media).toBe(here);
    });

    it('rejects where Telegram refuses it', async () => {
      stage.dc.faults.add({ method: 'messages.UploadMedia', error: [400, 'MEDIA_INVALID'] });
      const created = account.createDocument({
        file: await upload(smallFile),
        ...({ kind: 'video', mime: 'video/mp4', fileName: 'film.mp4' } as const),
      });
      await expect(created).rejects.toMatchObject({ name: 'Refused', code: 'MEDIA_INVALID' });
    });
  });

  describe('documentOf', () => {
    it.each(['club', 'cinema'] as const)('has a reference that is good again, in the %s', async (which) => {
      const chatId = stage[which].id;
      const { messageId, document } = await send(await upload(smallFile), { chatId });
      stage.dc.world.expireFileReferences(stage[which]);
      const fresh = await account.documentOf(chatId, messageId!);
      expect(fresh).toMatchObject({ id: document!.id, accessHash: document!.accessHash });
      expect(fresh!.fileReference).not.toBe(document!.fileReference);
      expect(await send(fresh!, { chatId, randomId: 2n })).toMatchObject({ document: { id: document!.id } });
    });

    it('is null where the message is gone, or has no document', async () => {
      const { messageId } = await send(await upload(smallFile));
      await account.deleteMessages(stage.club.id, [messageId!]);
      expect(await account.documentOf(stage.club.id, messageId!)).toBeNull();
      const text = await account.sendText({ chatId: stage.club.id, text: 'hi', randomId: 9n });
      expect(await account.documentOf(stage.club.id, text.messageId!)).toBeNull();
    });
  });
};

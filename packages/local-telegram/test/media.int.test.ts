import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import bigInt from 'big-integer';
import type { TelegramClient } from 'telegram';
import { CustomFile } from 'telegram/client/uploads.js';
import { Api } from 'telegram/tl/index.js';
import { describe, expect, it } from 'vitest';
import { localTelegram } from './fixture.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** As much of a JPEG as tells its size: start of image, frame header, end of image. */
const jpeg = (width: number, height: number): Buffer => {
  const frame = Buffer.from('ffd8ffc00011080000000003012200021101031101ffd9', 'hex');
  frame.writeUInt16BE(height, 7);
  frame.writeUInt16BE(width, 9);
  return frame;
};

const video = new Api.DocumentAttributeVideo({ duration: 12.5, w: 640, h: 360, supportsStreaming: true });

const savePart = (client: TelegramClient, part: number, bytes: Buffer, total = 3) =>
  client.invoke(
    new Api.upload.SaveBigFilePart({ fileId: bigInt(1), filePart: part, fileTotalParts: total, bytes }),
  );

const sendBig = async (client: TelegramClient, parts: number) =>
  client.invoke(
    new Api.messages.SendMedia({
      peer: await client.getInputEntity('alice'),
      message: '',
      media: new Api.InputMediaUploadedDocument({
        file: new Api.InputFileBig({ id: bigInt(1), parts, name: 'a.bin' }),
        mimeType: 'application/octet-stream',
        attributes: [],
      }),
    }),
  );

describe('media', () => {
  const telegram = localTelegram();

  it('comes back from a large upload byte for byte, with attributes and thumbnail', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const bytes = randomBytes(11 * 1024 * 1024 + 123);
    const listener = await telegram.listen('alice');
    const sender = await telegram.connect('bob');
    await sender.getDialogs({});
    const arrived = cinema.nextMessage({ from: 'bob' });
    await sender.sendFile(cinema.id, {
      file: new CustomFile('film.mp4', bytes.length, '', bytes),
      thumb: jpeg(320, 180),
      attributes: [video, new Api.DocumentAttributeFilename({ fileName: 'film.mp4' })],
      supportsStreaming: true,
      caption: 'a film',
      workers: 4,
    });
    const { media, text } = await arrived;
    expect(text).toBe('a film');
    expect(media).toMatchObject({
      kind: 'video',
      mime: 'video/mp4',
      sizeBytes: bytes.length,
      fileName: 'film.mp4',
      durationS: 12.5,
      width: 640,
      height: 360,
      streamable: true,
      thumbnail: { width: 320, height: 180, sizeBytes: 23 },
    });
    expect(await media?.sha256()).toBe(sha256(bytes));
    expect(await media?.thumbnail?.bytes()).toEqual(jpeg(320, 180));

    const { message } = await listener.next(Api.UpdateNewChannelMessage);
    if (!(message instanceof Api.Message) || !message.media) throw new Error('no media came');
    expect(message.media).toMatchObject({
      video: true,
      document: { thumbs: [{ type: 'm', w: 320, h: 180 }] },
    });
    const downloaded = await listener.client.downloadMedia(message.media, {});
    expect(sha256(downloaded as Buffer)).toBe(sha256(bytes));
    expect(await listener.client.downloadMedia(message.media, { thumb: 0 })).toEqual(jpeg(320, 180));
  });

  it('keeps title and performer of audio', async () => {
    const { world } = telegram;
    const chat = world.privateChat(world.user('alice'), world.user('bob'));
    const client = await telegram.connect('bob');
    const arrived = chat.nextMessage();
    await client.sendFile('alice', {
      file: new CustomFile('song.mp3', 3000, '', randomBytes(3000)),
      attributes: [new Api.DocumentAttributeAudio({ duration: 200, title: 'Song', performer: 'Band' })],
    });
    expect((await arrived).media).toMatchObject({
      kind: 'audio',
      mime: 'audio/mpeg',
      title: 'Song',
      performer: 'Band',
      durationS: 200,
    });
  });

  it('takes a photo, and gives it as one', async () => {
    const { world } = telegram;
    const arrived = world.privateChat(world.user('alice'), world.user('bob')).nextMessage();
    const client = await telegram.connect('bob');
    const { media } = await client.sendFile('alice', {
      file: new CustomFile('p.jpg', 23, '', jpeg(800, 600)),
    });
    expect((await arrived).media).toMatchObject({ kind: 'photo', width: 800, height: 600 });
    expect(await client.downloadMedia(media!, {})).toEqual(jpeg(800, 600));
  });

  it('shows clients a file that a person sent', async () => {
    const { world } = telegram;
    const bytes = randomBytes(5000);
    const message = world
      .user('alice')
      .in('bob')
      .sends({ kind: 'document', bytes, fileName: 'a.bin', caption: 'see' });
    const client = await telegram.connect('bob');
    const [seen] = await client.getMessages('alice', { ids: [message.idFor(world.user('bob'))] });
    expect(seen).toMatchObject({
      message: 'see',
      media: { document: { mimeType: 'application/octet-stream' } },
    });
    expect(await client.downloadMedia(seen!.media!, {})).toEqual(bytes);
  });

  it('is sent again by reference until the reference expires, and again with a fresh one', async () => {
    const { world } = telegram;
    const chat = world.privateChat(world.user('alice'), world.user('bob'));
    const client = await telegram.connect('bob');
    const file = new CustomFile('a.bin', 100, '', randomBytes(100));
    const sent = await client.sendFile('alice', { file, forceDocument: true });
    await client.sendFile('alice', { file: sent.media! });
    world.expireFileReferences(chat);
    await expect(client.sendFile('alice', { file: sent.media! })).rejects.toThrow('FILE_REFERENCE_EXPIRED');
    const [fresh] = await client.getMessages('alice', { ids: [sent.id] });
    await client.sendFile('alice', { file: fresh!.media! });
    expect(new Set(chat.messages().map(({ media }) => media)).size).toBe(1);
  });

  it('is of use to the account that was given it only', async () => {
    const client = await telegram.connect('bob');
    const file = new CustomFile('a.bin', 100, '', randomBytes(100));
    const sent = await client.sendFile('alice', { file, forceDocument: true });
    const other = await telegram.connect('carol');
    await expect(other.sendFile('alice', { file: sent.media! })).rejects.toThrow('MEDIA_EMPTY');
  });

  it('refuses a caption of more than 1024 units', async () => {
    const client = await telegram.connect('bob');
    const file = new CustomFile('a.bin', 3, '', Buffer.from('abc'));
    const caption = 'a'.repeat(1025);
    await expect(client.sendFile('alice', { file, caption, forceDocument: true })).rejects.toThrow(
      'MEDIA_CAPTION_TOO_LONG',
    );
  });

  it('names the first part that is missing', async () => {
    const client = await telegram.connect('bob');
    const part = randomBytes(1024);
    await savePart(client, 0, part);
    await savePart(client, 2, part.subarray(0, 10));
    await expect(sendBig(client, 3)).rejects.toThrow('FILE_PART_1_MISSING');
    await savePart(client, 1, part);
    await expect(sendBig(client, 2)).rejects.toThrow('FILE_PARTS_INVALID');
    await sendBig(client, 3);
  });

  it('refuses parts of sizes that do not divide 512 KB', async () => {
    const client = await telegram.connect('bob');
    await expect(savePart(client, 0, randomBytes(1000))).rejects.toThrow('FILE_PART_SIZE_INVALID');
    await expect(savePart(client, 0, randomBytes(3 * 1024))).rejects.toThrow('FILE_PART_SIZE_INVALID');
    await savePart(client, 0, randomBytes(1024));
    await expect(savePart(client, 1, randomBytes(2048))).rejects.toThrow('FILE_PART_SIZE_CHANGED');
    await expect(savePart(client, 3, randomBytes(1024))).rejects.toThrow('FILE_PART_INVALID');
  });

  it('leaves no file behind when the data centre closes', async () => {
    const { media } = telegram.world
      .user('alice')
      .in('bob')
      .sends({ kind: 'document', bytes: Buffer.from('x') });
    const path = media?.path ?? '';
    expect(existsSync(path)).toBe(true);
    await telegram.dc.close();
    expect(existsSync(path)).toBe(false);
  });
});

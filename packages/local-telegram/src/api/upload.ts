import type bigInt from 'big-integer';
import { badRequest } from '../rpc-error.ts';
import { Api, nativeLong } from '../tl.ts';
import { thumbnailSize } from '../view/media.ts';
import { now } from '../world/box.ts';
import type { AcceptedPart } from '../world/files.ts';
import { readRange, type WorldMedia } from '../world/media.ts';
import type { Call, Methods } from './call.ts';
import { maxSmallFileBytes, referredMedia } from './input-media.ts';

const mebibyte = 1024 * 1024;

/** https://core.telegram.org/api/files#downloading-files: aligned, and never across a boundary of 1 MB. */
const checkRange = (offset: number, limit: number, precise: boolean): void => {
  const unit = precise ? 1024 : 4096;
  if (offset < 0 || offset % unit !== 0) throw badRequest('OFFSET_INVALID');
  if (limit <= 0 || limit % unit !== 0 || limit > mebibyte || (!precise && mebibyte % limit !== 0))
    throw badRequest('LIMIT_INVALID');
  if (Math.floor(offset / mebibyte) !== Math.floor((offset + limit - 1) / mebibyte))
    throw badRequest('LIMIT_INVALID');
};

const located = (call: Call, location: Api.TypeInputFileLocation): { path: string; media: WorldMedia } => {
  if (!(location instanceof Api.InputDocumentFileLocation || location instanceof Api.InputPhotoFileLocation))
    throw badRequest('LOCATION_INVALID');
  const media = referredMedia(call, location, 'LOCATION_INVALID');
  if (location instanceof Api.InputPhotoFileLocation || !location.thumbSize)
    return { media, path: media.path };
  if (location.thumbSize !== thumbnailSize || !media.thumbnail) throw badRequest('LOCATION_INVALID');
  return { media, path: media.thumbnail.path };
};

const typeOf = (bytes: Buffer, media: WorldMedia, whole: boolean): Api.storage.TypeFileType => {
  if (bytes.length >= 2 && bytes.readUInt16BE(0) === 0xffd8) return new Api.storage.FileJpeg();
  if (!whole) return new Api.storage.FilePartial();
  return media.mime === 'video/mp4' ? new Api.storage.FileMp4() : new Api.storage.FileUnknown();
};

const partOf = (call: Call, fileId: bigInt.BigInteger, part: number): AcceptedPart => ({
  userId: call.account.id,
  fileId: nativeLong(fileId),
  part,
});

const maxParts = ({ account, dc }: Call): number =>
  dc.limits.uploadParts[account.premium ? 'premium' : 'default'];

export const upload: Methods = {
  'upload.SaveFilePart': async ({ fileId, filePart, bytes }, call) => {
    if (filePart * bytes.length >= maxSmallFileBytes) throw badRequest('FILE_PART_TOO_BIG');
    await call.world.files.savePart(partOf(call, fileId, filePart), bytes, { maxParts: maxParts(call) });
    return true;
  },
  'upload.SaveBigFilePart': async ({ fileId, filePart, fileTotalParts, bytes }, call) => {
    // Below zero the client does not know yet how many parts there will be.
    const total = fileTotalParts < 0 ? undefined : fileTotalParts;
    await call.world.files.savePart(partOf(call, fileId, filePart), bytes, {
      totalParts: total,
      maxParts: maxParts(call),
    });
    return true;
  },
  'upload.GetFile': async ({ location, offset, limit, precise }, call) => {
    const from = Number(offset);
    checkRange(from, limit, precise ?? false);
    const { path, media } = located(call, location);
    const bytes = await readRange(path, from, limit);
    const whole = from === 0 && bytes.length < limit;
    return new Api.upload.File({ type: typeOf(bytes, media, whole), mtime: now(), bytes });
  },
};

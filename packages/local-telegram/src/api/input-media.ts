import { badRequest } from '../rpc-error.ts';
import { Api, nativeLong } from '../tl.ts';
import { accessTarget } from '../view/view.ts';
import { jpegSize, pngSize } from '../world/image-size.ts';
import { type MediaDescription, readRange, type WorldMedia } from '../world/media.ts';
import { maxPartBytes, type SpooledFile } from '../world/upload.ts';
import type { Call } from './call.ts';

/** The small files of `upload.saveFilePart` may be as large as this. */
export const maxSmallFileBytes = 10 * 1024 * 1024;

const uploadedFile = (call: Call, file: Api.TypeInputFile): Promise<SpooledFile> => {
  if (!(file instanceof Api.InputFile || file instanceof Api.InputFileBig)) throw badRequest('MEDIA_INVALID');
  return call.world.files.uploaded(call.account.id, nativeLong(file.id), file.parts);
};

/** What the attributes say, and what kind of media that makes it. */
const describe = (
  mime: string,
  attributes: Api.TypeDocumentAttribute[],
  forceFile: boolean,
): MediaDescription => {
  let described: MediaDescription = { kind: 'document', mime };
  for (const attribute of attributes) {
    if (attribute instanceof Api.DocumentAttributeFilename)
      described = { ...described, fileName: attribute.fileName };
    if (attribute instanceof Api.DocumentAttributeVideo)
      described = {
        ...described,
        kind: forceFile ? 'document' : 'video',
        durationS: attribute.duration,
        width: attribute.w,
        height: attribute.h,
        streamable: attribute.supportsStreaming ?? false,
      };
    if (attribute instanceof Api.DocumentAttributeAudio)
      described = {
        ...described,
        kind: 'audio',
        durationS: attribute.duration,
        ...(attribute.title === undefined ? {} : { title: attribute.title }),
        ...(attribute.performer === undefined ? {} : { performer: attribute.performer }),
        ...(attribute.voice ? { voice: true } : {}),
      };
  }
  return described;
};

const uploadedDocument = async (call: Call, media: Api.InputMediaUploadedDocument): Promise<WorldMedia> => {
  const { files } = call.world;
  const file = await uploadedFile(call, media.file);
  const thumbnail = media.thumb && (await files.thumbnail(await uploadedFile(call, media.thumb)));
  return files.add(file, describe(media.mimeType, media.attributes, media.forceFile ?? false), thumbnail);
};

const uploadedPhoto = async (call: Call, media: Api.InputMediaUploadedPhoto): Promise<WorldMedia> => {
  const file = await uploadedFile(call, media.file);
  const start = await readRange(file.path, 0, maxPartBytes);
  const jpeg = jpegSize(start);
  const size = jpeg ?? pngSize(start);
  if (!size) throw badRequest('PHOTO_EXT_INVALID');
  return call.world.files.add(file, { kind: 'photo', mime: jpeg ? 'image/jpeg' : 'image/png', ...size });
};

/**
 * The file that an account refers to by id, access hash and file reference.
 * @throws {RpcError} `FILE_REFERENCE_EXPIRED` on a reference that was right once, `FILE_REFERENCE_INVALID` on one that never was.
 */
export const referredMedia = (
  call: Call,
  { id, accessHash, fileReference }: Pick<Api.InputDocument, 'id' | 'accessHash' | 'fileReference'>,
  unknown: string,
): WorldMedia => {
  const { accessHashes, files } = call.world;
  const media = files.find(nativeLong(id));
  if (!media || nativeLong(accessHash) !== accessHashes.of(call.account.id, accessTarget.media(media)))
    throw badRequest(unknown);
  const shown = Buffer.from(fileReference);
  for (let epoch = media.referenceEpoch; epoch >= 0; epoch--) {
    if (!accessHashes.fileReference(call.account.id, media.id, epoch).equals(shown)) continue;
    if (epoch === media.referenceEpoch) return media;
    throw badRequest('FILE_REFERENCE_EXPIRED');
  }
  throw badRequest('FILE_REFERENCE_INVALID');
};

/** The media of a request: uploaded now, or sent again. @throws {RpcError} */
export const inputMedia = async (call: Call, media: Api.TypeInputMedia): Promise<WorldMedia> => {
  if (media instanceof Api.InputMediaUploadedDocument) return uploadedDocument(call, media);
  if (media instanceof Api.InputMediaUploadedPhoto) return uploadedPhoto(call, media);
  if (media instanceof Api.InputMediaDocument && media.id instanceof Api.InputDocument)
    return referredMedia(call, media.id, 'MEDIA_EMPTY');
  if (media instanceof Api.InputMediaPhoto && media.id instanceof Api.InputPhoto)
    return referredMedia(call, media.id, 'MEDIA_EMPTY');
  throw badRequest('MEDIA_INVALID');
};

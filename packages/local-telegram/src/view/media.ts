import { Api, long, present } from '../tl.ts';
import type { WorldMedia } from '../world/media.ts';

/** The only data centre there is; clients' session strings name it too. */
export const dcId = 2;

/** What an account must show to have a file. */
export interface FileAccess {
  readonly accessHash: bigint;
  readonly fileReference: Buffer;
}

/** The name of the size that a thumbnail is downloaded by. */
export const thumbnailSize = 'm';
const photoSize = 'x';

const attributesOf = (media: WorldMedia): Api.TypeDocumentAttribute[] => {
  const attributes: Api.TypeDocumentAttribute[] = [];
  if (media.kind === 'video')
    attributes.push(
      new Api.DocumentAttributeVideo(
        present({
          supportsStreaming: media.streamable || undefined,
          duration: media.durationS ?? 0,
          w: media.width ?? 0,
          h: media.height ?? 0,
        }),
      ),
    );
  if (media.kind === 'audio')
    attributes.push(
      new Api.DocumentAttributeAudio(
        present({
          voice: media.voice || undefined,
          duration: Math.round(media.durationS ?? 0),
          title: media.title,
          performer: media.performer,
        }),
      ),
    );
  if (media.fileName !== undefined)
    attributes.push(new Api.DocumentAttributeFilename({ fileName: media.fileName }));
  return attributes;
};

const documentToTl = (media: WorldMedia, access: FileAccess, date: number): Api.Document => {
  const { thumbnail } = media;
  return new Api.Document(
    present({
      id: long(media.id),
      accessHash: long(access.accessHash),
      fileReference: access.fileReference,
      date,
      mimeType: media.mime,
      size: long(media.sizeBytes),
      thumbs: thumbnail && [
        new Api.PhotoSize({
          type: thumbnailSize,
          w: thumbnail.width,
          h: thumbnail.height,
          size: thumbnail.sizeBytes,
        }),
      ],
      dcId,
      attributes: attributesOf(media),
    }),
  );
};

/** A photo or document as it stands in a message. */
export const mediaToTl = (media: WorldMedia, access: FileAccess, date: number): Api.TypeMessageMedia => {
  if (media.kind !== 'photo')
    return new Api.MessageMediaDocument(
      present({
        video: media.kind === 'video' || undefined,
        voice: media.voice || undefined,
        document: documentToTl(media, access, date),
      }),
    );
  const size = { type: photoSize, w: media.width ?? 0, h: media.height ?? 0, size: media.sizeBytes };
  return new Api.MessageMediaPhoto({
    photo: new Api.Photo({
      id: long(media.id),
      accessHash: long(access.accessHash),
      fileReference: access.fileReference,
      date,
      sizes: [new Api.PhotoSize(size)],
      dcId,
    }),
  });
};

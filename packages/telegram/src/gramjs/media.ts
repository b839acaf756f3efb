import bigInt from 'big-integer';
import { Api } from 'telegram';
import type { MediaAttributes, MediaToSend, NewDocument } from '../account.ts';
import { toInputFile } from './upload.ts';

const attributesOf = (media: MediaAttributes): Api.TypeDocumentAttribute[] => {
  const { kind, fileName, durationS = 0, width = 0, height = 0, title, performer } = media;
  const name = new Api.DocumentAttributeFilename({ fileName });
  if (kind === 'video')
    return [
      new Api.DocumentAttributeVideo({ supportsStreaming: true, duration: durationS, w: width, h: height }),
      name,
    ];
  if (kind === 'audio')
    return [
      new Api.DocumentAttributeAudio({
        duration: Math.round(durationS),
        ...(title !== undefined && { title }),
        ...(performer !== undefined && { performer }),
      }),
      name,
    ];
  return [name];
};

/** What `messages.sendMedia` sends: a new document from an upload, or one that Telegram holds already. */
export const toInputMedia = (media: NewDocument | MediaToSend): Api.TypeInputMedia => {
  const { file, kind, mime, thumbnail } = media;
  if ('accessHash' in file)
    return new Api.InputMediaDocument({
      id: new Api.InputDocument({
        id: bigInt(file.id),
        accessHash: bigInt(file.accessHash),
        fileReference: Buffer.from(file.fileReference, 'base64'),
      }),
    });
  return new Api.InputMediaUploadedDocument({
    file: toInputFile(file),
    mimeType: mime,
    attributes: attributesOf(media),
    // Without it Telegram may show a document of a video type as a video.
    forceFile: kind === 'document',
    // A video without sound is still a video, not an animation.
    nosoundVideo: kind === 'video',
    ...(thumbnail && { thumb: toInputFile(thumbnail) }),
  });
};

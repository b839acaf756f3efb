import type { Media, MediaKind, StoredObject } from '@heavy/contracts';
import type { MediaAttributes } from '@heavy/telegram';

/** A name that every file system takes, from the title. */
export const fileName = (title: string, key: string): string => {
  const extension = key.slice(key.lastIndexOf('.'));
  const stem = title
    .replace(/[\p{Cc}\p{Cf}\\/:*?"<>|]+/gu, ' ')
    .trim()
    .slice(0, 80);
  return `${stem || 'media'}${extension}`;
};

/** What Telegram is told of an object besides its bytes. */
export const mediaAttributes = ({
  kind,
  object,
  media,
}: {
  kind: MediaKind;
  object: StoredObject;
  media: Media;
}): MediaAttributes => {
  const { title, performer, durationS, width, height } = media;
  return {
    ...{ kind, mime: object.type, fileName: fileName(title, object.key), durationS, title },
    ...(performer === undefined ? {} : { performer }),
    ...(width === undefined || height === undefined ? {} : { width, height }),
  };
};

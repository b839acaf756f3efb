import {
  audioDownload,
  downloadProgress,
  type MediaKind,
  originOf,
  telegramReply,
  videoDownload,
} from '@heavy/contracts';
import { contentHash } from '@heavy/media';
import type { Logger } from '@heavy/service';
import { askedOptions } from '../asked-options.ts';
import { askedUrl } from '../asked-url.ts';
import { ownText, type Typed } from './typed.ts';

const downloads = { video: videoDownload, audio: audioDownload } as const;

/** Turns `.vdl` or `.adl` into a download command, or into a reply that says why not. */
export const mediaAsked =
  (log: Logger, kind: MediaKind): Typed =>
  (data, { publish }) => {
    const origin = originOf(data);
    const asked = askedUrl(data);
    if ('code' in asked) {
      log.info({ step: 'failed', code: asked.code, ...asked.context }, 'command without a link');
      publish(telegramReply, { origin, failure: { code: asked.code, context: asked.context } });
      return;
    }
    const request = { url: asked.url, kind, ...askedOptions(kind, ownText(data.message.text)) };
    log.info({ step: 'asked', ...request }, 'download asked for');
    publish(downloadProgress, { origin, phase: 'queued' });
    publish(downloads[kind], { request, origin, contentHash: contentHash(request) });
  };

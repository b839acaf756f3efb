import {
  audioDownload,
  type DataOf,
  downloadProgress,
  type Origin,
  telegramRaw,
  telegramReply,
  videoDownload,
} from '@heavy/contracts';
import { contentHash } from '@heavy/media';
import { handle } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { askedUrl } from '../asked-url.ts';

const downloads = {
  vdl: { kind: 'video', command: videoDownload },
  dl: { kind: 'video', command: videoDownload },
  adl: { kind: 'audio', command: audioDownload },
} as const;

/** The command words that are media-pirate's. */
export const commandWords = Object.keys(downloads);

const isOurs = (word: string): word is keyof typeof downloads => Object.hasOwn(downloads, word);

const originOf = ({ account, chat, message, sender }: DataOf<typeof telegramRaw>): Origin => ({
  account,
  chatId: chat.id,
  messageId: message.id,
  ...(message.topicId === undefined ? {} : { topicId: message.topicId }),
  userId: sender.id,
});

/** Turns `.vdl`, `.dl` and `.adl` into a download command, or into a reply that says why not. */
export const commandTyped = (log: Logger) =>
  handle(
    telegramRaw,
    async ({ data }, { publish }) => {
      if (!isOurs(data.command.word)) return;
      const { kind, command } = downloads[data.command.word];
      const origin = originOf(data);
      const asked = askedUrl(data);
      if ('code' in asked) {
        log.info({ code: asked.code, ...asked.context }, 'command without a link');
        publish(telegramReply, { origin, failure: { code: asked.code, context: asked.context } });
        return;
      }
      const { url } = asked;
      log.info({ url, kind }, 'download asked for');
      publish(downloadProgress, { origin, phase: 'queued' });
      publish(command, { request: { url, kind }, origin, contentHash: contentHash({ url, kind }) });
    },
    {
      exhausted: async ({ data }, { publish }) => {
        if (!isOurs(data.command.word)) return;
        publish(telegramReply, { origin: originOf(data), failure: { code: 'internal', context: {} } });
      },
    },
  );

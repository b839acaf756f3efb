import {
  audioReady,
  type Envelope,
  type MediaKind,
  type Origin,
  type Ready,
  telegramSendMedia,
  videoReady,
} from '@heavy/contracts';
import type { MediaStore } from '@heavy/media';
import { type HandlerContext, handle } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { Refused, type TelegramAccount } from '@heavy/telegram';
import { sendStoredMedia } from '../media-message.ts';
import { commandKey, type Outcome } from '../outcome.ts';
import type { Status } from '../status.ts';
import { failureText } from '../words.ts';

interface Deps {
  account: TelegramAccount;
  store: MediaStore;
  outcome: Outcome;
  status: Status;
  log: Logger;
}

/** Answers a command with the media, or says why the chat cannot have it. */
const answer =
  (deps: Deps, kind: (data: Ready) => MediaKind) =>
  (envelope: Envelope<Ready>, context: HandlerContext): Promise<void> => {
    const { account, store, outcome, status, log } = deps;
    const { origin, object, media } = envelope.data;
    const { signal } = context;
    return outcome.conclude(envelope, context, async () => {
      let shown = Promise.resolve();
      const onProgress = (bytes: number): void => {
        shown = shown.then(() =>
          status.show(origin, { phase: 'uploading', bytes, totalBytes: object.sizeBytes }),
        );
      };
      try {
        const { messageId } = await sendStoredMedia(
          { account, store, log },
          { origin, kind: kind(envelope.data), object, media, randomKey: outcomeKey(origin) },
          { signal, onProgress },
        );
        return { messageIds: messageId === null ? [] : [messageId], tookStatus: false };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        log.warn({ err: error }, 'the chat does not take the media');
        return outcome.say(origin, failureText('media_not_allowed', {}, envelope.correlationid), signal);
      } finally {
        // A step still on its way must not post a status message after the last one was removed.
        await shown;
      }
    });
  };

const outcomeKey = (origin: Origin) => `outcome:${commandKey(origin)}`;

/** The handlers of `events.dl.video.ready`, `events.dl.audio.ready` and `commands.telegram.send_media`. */
export const mediaReady = (deps: Deps) => {
  const exhausted = (envelope: Envelope<Ready>, context: HandlerContext) =>
    deps.outcome.fail(envelope, context, 'internal', {});
  return [
    handle(
      videoReady,
      answer(deps, () => 'video'),
      { exhausted },
    ),
    handle(
      audioReady,
      answer(deps, () => 'audio'),
      { exhausted },
    ),
    handle(
      telegramSendMedia,
      (envelope, context) => answer(deps, () => envelope.data.kind)(envelope, context),
      {
        exhausted,
      },
    ),
  ];
};

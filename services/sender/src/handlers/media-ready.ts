import {
  audioReady,
  type Envelope,
  type FailureCode,
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

/** Shows how far an upload is, one step at a time: while one is on its way, later ones are left out. */
const uploadSteps = (status: Status, origin: Origin, totalBytes: number) => {
  let showing: Promise<void> | undefined;
  return {
    onProgress: (bytes: number): void => {
      showing ??= status.show(origin, { phase: 'uploading', bytes, totalBytes }).finally(() => {
        showing = undefined;
      });
    },
    /** Resolves when no step is on its way: one that is must not post a status message after the last was removed. */
    ended: async (): Promise<void> => showing,
  };
};

/** Why Telegram did not take the media: the chat's rules, or something about this file. */
const codeOf = ({ code }: Refused): FailureCode =>
  code.startsWith('CHAT_SEND_') || code === 'CHAT_WRITE_FORBIDDEN' ? 'media_not_allowed' : 'internal';

/** Answers a command with the media, or says why the chat cannot have it. */
const answer =
  (deps: Deps, kind: (data: Ready) => MediaKind) =>
  (envelope: Envelope<Ready>, context: HandlerContext): Promise<void> => {
    const { account, store, outcome, status, log } = deps;
    const { origin, object, media } = envelope.data;
    const { signal } = context;
    return outcome.conclude(envelope, context, async () => {
      const steps = uploadSteps(status, origin, object.sizeBytes);
      const send = sendStoredMedia(
        { account, store, log },
        { origin, kind: kind(envelope.data), object, media, randomKey: outcomeKey(origin) },
        { signal, onProgress: steps.onProgress },
      );
      try {
        const { messageId } = await send.finally(steps.ended);
        return messageId === null ? [] : [messageId];
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        log.warn({ err: error }, 'Telegram does not take the media');
        return outcome.say(origin, failureText(codeOf(error), {}, envelope.correlationid), signal);
      }
    });
  };

const outcomeKey = (origin: Origin) => `outcome:${commandKey(origin)}`;

/** The handlers of `events.dl.video.ready`, `events.dl.audio.ready` and `commands.telegram.send_media`. */
export const mediaReady = (deps: Deps) => {
  const exhausted = deps.outcome.giveUp;
  const video = answer(deps, () => 'video');
  const audio = answer(deps, () => 'audio');
  return [
    handle(videoReady, video, { exhausted }),
    handle(audioReady, audio, { exhausted }),
    handle(
      telegramSendMedia,
      (envelope, context) => answer(deps, () => envelope.data.kind)(envelope, context),
      { exhausted },
    ),
  ];
};

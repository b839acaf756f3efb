import {
  audioReady,
  type DataOf,
  type Envelope,
  type FailureCode,
  type MediaKind,
  type Origin,
  type Ready,
  telegramSendMedia,
  videoReady,
} from '@heavy/contracts';
import { type HandlerContext, handle } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { PeerFlood, Refused, type TelegramAccount } from '@heavy/telegram';
import { commandKey, type Outcome } from '../outcome.ts';
import type { SendMedia } from '../parts/send-media.ts';
import type { Patiently } from '../patience.ts';
import type { PostedBy } from '../posted.ts';
import { replyTarget, withoutLostTarget } from '../reply-target.ts';
import { captionParts, sendInParts } from '../send-in-parts.ts';
import type { Status } from '../status.ts';
import type { FormattedText } from '../text/formatted-text.ts';

/** What a command can say that an event cannot. */
type CaptionOf = Pick<DataOf<typeof telegramSendMedia>, 'caption'>;

interface Deps {
  account: TelegramAccount;
  sendMedia: SendMedia;
  ask: Patiently;
  postedBy: PostedBy;
  outcome: Outcome;
  status: Status;
  log: Logger;
}

/** Why Telegram did not take the media: the chat's rules, its size, or something about this file. */
const codeOf = ({ code }: Refused): FailureCode => {
  if (code.startsWith('CHAT_SEND_') || code === 'CHAT_WRITE_FORBIDDEN') return 'media_not_allowed';
  return code === 'FILE_PARTS_INVALID' ? 'too_large' : 'internal';
};

/** Sends what a caption had no room for as replies to the media. Where Telegram refuses that, the media are the outcome all the same. */
const sendRest = async (
  { account, ask, log }: Deps,
  { origin, rest, posted }: { origin: Origin; rest: FormattedText[]; posted: Set<number> },
  signal: AbortSignal,
): Promise<void> => {
  if (rest.length === 0) return;
  const { chatId } = origin;
  const [mediaId] = posted;
  const target = { ...replyTarget(origin), ...(mediaId === undefined ? {} : { replyTo: mediaId }) };
  const send = sendInParts(account, {
    ...{ chatId, parts: rest, randomKey: outcomeKey(origin), firstNumber: 2, posted },
  });
  try {
    await ask(() => withoutLostTarget(target, send), signal, {
      ...{ method: 'send', chatId, answers: origin.userId },
    });
  } catch (error) {
    if (!(error instanceof Refused || error instanceof PeerFlood)) throw error;
    log.warn({ err: error }, 'Telegram does not take the rest of a caption');
  }
};

/** Answers a command with the media, or says why the chat cannot have it. */
const answer =
  (deps: Deps, kind: (data: Ready) => MediaKind) =>
  (envelope: Envelope<Ready & CaptionOf>, context: HandlerContext): Promise<void> => {
    const { sendMedia, outcome, postedBy, status, log } = deps;
    const { origin, object, media } = envelope.data;
    const { signal } = context;
    const posted = postedBy(envelope);
    const own = envelope.data.caption;
    const { caption, rest } = own ? captionParts(own.text, own.format) : { caption: undefined, rest: [] };
    return outcome.conclude(envelope, context, async () => {
      const onProgress = (bytes: number): void =>
        void status.show(origin, { phase: 'uploading', bytes, totalBytes: object.sizeBytes });
      const send = sendMedia(
        { origin, kind: kind(envelope.data), object, media, caption, randomKey: outcomeKey(origin) },
        { signal, onProgress, posted },
      );
      try {
        // A step that is on its way must not post a status message after the last was removed.
        await send.finally(() => status.still(origin));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        log.warn({ err: error }, 'Telegram does not take the media');
        return outcome.say(envelope, { code: codeOf(error), context: {} }, signal);
      }
      await sendRest(deps, { origin, rest, posted }, signal);
      return {};
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

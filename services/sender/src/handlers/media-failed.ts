import { audioFailed, type Envelope, type Failed, videoFailed } from '@heavy/contracts';
import { type HandlerContext, handle } from '@heavy/messaging';
import type { Outcome } from '../outcome.ts';

/** Ends a command with the sentence for the failure code of `events.dl.video.failed` or `events.dl.audio.failed`. */
export const mediaFailed = (outcome: Outcome) => {
  const say = (envelope: Envelope<Failed>, context: HandlerContext) =>
    outcome.fail(envelope, context, envelope.data.failure);
  const exhausted = outcome.giveUp;
  return [handle(videoFailed, say, { exhausted }), handle(audioFailed, say, { exhausted })];
};

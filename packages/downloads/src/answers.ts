import {
  audioFailed,
  audioReady,
  type DataOf,
  deterministicId,
  downloadProgress,
  type FailureCode,
  type FailureContext,
  InvalidEvent,
  type MediaKind,
  videoFailed,
  videoReady,
} from '@heavy/contracts';
import type { Asker, LedgerOutcome } from '@heavy/media';
import { type Broker, runInContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import type { StoredMedia } from './stored-media.ts';

const events = {
  video: { ready: videoReady, failed: videoFailed },
  audio: { ready: audioReady, failed: audioFailed },
} as const;

export type ProgressStep = Omit<DataOf<typeof downloadProgress>, 'origin'>;

/**
 * Says to one asker how its command ended or stands, under that command's own correlation id. Ends have ids that follow
 * from the command's, so that whoever says one again says the same event.
 */
export const createAnswers = ({ broker, log }: { broker: Broker; log: Logger }) => {
  const inContextOf = <T>({ correlationId, commandId, traceparent }: Asker, fn: () => T): T =>
    runInContext({ correlationId, causationId: commandId, traceparent }, fn);

  const fail = (
    asker: Asker,
    kind: MediaKind,
    code: FailureCode,
    context: FailureContext,
  ): Promise<string> => {
    const { failed } = events[kind];
    const id = deterministicId(asker.commandId, failed.type, 0);
    return inContextOf(asker, () =>
      broker.publish(failed, { origin: asker.origin, failure: { code, context } }, { id }),
    );
  };

  const succeed = (asker: Asker, kind: MediaKind, { object, media }: StoredMedia): Promise<string> => {
    const { ready } = events[kind];
    const data = { origin: asker.origin, object, media: { ...media, sourceUrl: asker.url } };
    const id = deterministicId(asker.commandId, ready.type, 0);
    return inContextOf(asker, () => broker.publish(ready, data, { id }));
  };

  return {
    inContextOf,
    fail,
    /** Resolves when the broker has confirmed. */
    end: async (asker: Asker, kind: MediaKind, outcome: LedgerOutcome): Promise<void> => {
      const { code, context } =
        'failure' in outcome ? outcome.failure : { code: 'internal' as const, context: {} };
      try {
        if ('failure' in outcome) await fail(asker, kind, code, context);
        else await succeed(asker, kind, outcome);
      } catch (err) {
        if (!(err instanceof InvalidEvent)) throw err;
        // A fault of ours that no repeating mends; it must keep nobody from an answer.
        log.error({ err, code }, 'an outcome does not fit its contract');
        await fail(asker, kind, code, {});
      }
    },
    /** A courtesy: one that cannot be published is left out, since the next replaces it. */
    progress: (asker: Asker, step: ProgressStep): void => {
      inContextOf(asker, () => broker.publish(downloadProgress, { origin: asker.origin, ...step })).catch(
        (err: unknown) => log.debug({ err }, 'progress was not published'),
      );
    },
  };
};

export type Answers = ReturnType<typeof createAnswers>;

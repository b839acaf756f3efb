import {
  audioDownload,
  type DownloadRequest,
  type Envelope,
  type MediaKind,
  videoDownload,
} from '@heavy/contracts';
import { type Answers, findMedia } from '@heavy/downloads';
import type { AskedRecord, Asker, Ledger, MediaStore } from '@heavy/media';
import { handle } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import type { Worker } from '../worker.ts';

interface Deps {
  ledger: Ledger;
  store: MediaStore;
  worker: Worker;
  answers: Answers;
  asked: AskedRecord;
  log: Logger;
}

const askerOf = ({ id, correlationid, traceparent, data }: Envelope<DownloadRequest>): Asker => ({
  origin: data.origin,
  commandId: id,
  correlationId: correlationid,
  traceparent,
  url: data.request.url,
});

/**
 * Answers a download command at once where the media are stored; else enters the asker in the ledger, and leads the
 * download where a slot is free. The answer then comes out of the ledger, whoever does the work.
 */
const requested =
  ({ ledger, store, worker, answers, asked, log }: Deps) =>
  async (envelope: Envelope<DownloadRequest>): Promise<void> => {
    const { request, contentHash } = envelope.data;
    const asker = askerOf(envelope);
    const known = await findMedia(store, request, await ledger.resolve(contentHash));
    if (known) {
      log.info({ step: 'known', key: known.object.key }, 'stored already');
      await asked.asked(known.object.key);
      await answers.end(asker, request.kind, known);
      return;
    }
    const slot = worker.reserve();
    try {
      const joined = await ledger.join({ hash: contentHash, request, asker, lead: slot !== null });
      if (joined.lease) slot?.take(joined.lease);
      const { state, position, leader } = joined;
      if (state === 'waiting')
        log.info({ step: 'queued', position, leader, hash: joined.hash }, 'waits in line');
      else if (state !== 'led') log.info({ step: 'joined', leader, hash: joined.hash }, 'joined a download');
      if (state === 'waiting')
        answers.progress(asker, { phase: 'queued', ...(position === undefined ? {} : { position }) });
      else if (joined.progress) answers.progress(asker, joined.progress);
    } finally {
      slot?.release();
    }
  };

/** The handlers of `commands.media.video_download` and `commands.media.audio_download`. */
export const downloadRequested = (deps: Deps) => {
  const join = requested(deps);
  const giveUp = (kind: MediaKind) => async (envelope: Envelope<DownloadRequest>) => {
    await deps.answers.fail(askerOf(envelope), kind, 'internal', {});
    // An attempt may have come as far as the ledger.
    await deps.ledger.withdraw(envelope.data.origin);
  };
  return [
    handle(videoDownload, join, { exhausted: giveUp('video') }),
    handle(audioDownload, join, { exhausted: giveUp('audio') }),
  ];
};

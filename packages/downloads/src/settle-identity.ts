import type { Lease, MediaStore } from '@heavy/media';
import type { Logger } from '@heavy/service';
import { findMedia, type StoredMedia } from './stored-media.ts';

/** The job turned out to be another's: its askers wait there now, or the media that they wait for are `stored`. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
  readonly stored: StoredMedia | undefined;

  constructor(stored?: StoredMedia) {
    super('the same media are known under another URL');
    this.stored = stored;
  }
}

/**
 * Settles under which hash the media are known, now that the site has told what they are.
 * @throws {Superseded} where that is not this job's.
 */
export const settleIdentity = async (
  deps: { store: MediaStore; log: Logger },
  lease: Lease,
  identity: string,
  gone?: string,
): Promise<void> => {
  const { store, log } = deps;
  const known = await lease.identify(identity, gone);
  if (known.kind === 'ours') return;
  if (known.kind === 'merged') {
    const { leader, into } = known;
    log.info({ step: 'merged', leader, into }, 'the same is being downloaded already');
    throw new Superseded();
  }
  const stored = await findMedia(store, lease.request, known.hash);
  // Asked again rather than taken: meanwhile another job may have become the one for it.
  if (!stored) return settleIdentity(deps, lease, identity, known.hash);
  await lease.redirect(known.hash);
  log.info({ step: 'known', key: stored.object.key }, 'stored already under another URL');
  throw new Superseded(stored);
};

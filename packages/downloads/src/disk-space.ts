import type { Downloader } from '@heavy/media';
import type { Logger } from '@heavy/service';

/** Watches the space that downloads in progress have left. */
export const diskSpace = ({
  downloader,
  floorBytes,
  log,
}: {
  downloader: Pick<Downloader, 'freeBytes'>;
  floorBytes: number;
  log: Logger;
}) => {
  let freeBytes = Number.POSITIVE_INFINITY;
  const isLow = (): boolean => freeBytes < floorBytes;
  const measure = async (): Promise<void> => {
    const wasLow = isLow();
    freeBytes = await downloader.freeBytes();
    if (isLow() && !wasLow) log.warn({ freeBytes, floorBytes }, 'the disk is full: new downloads wait');
    if (wasLow && !isLow()) log.info({ freeBytes, floorBytes }, 'there is space again');
  };
  return {
    /** Whether a download may begin: no less is free than the floor. */
    isEnough: async (): Promise<boolean> => {
      await measure();
      return !isLow();
    },
    /** The same in words, for an operator. */
    look: async (): Promise<string> => {
      await measure();
      return `${freeBytes} bytes free${isLow() ? `, fewer than ${floorBytes}: new downloads wait` : ''}`;
    },
    waitingFor: () => (isLow() ? ('disk' as const) : undefined),
  };
};

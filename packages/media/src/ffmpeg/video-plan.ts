import type { Quality } from '@heavy/contracts';
import type { Probe } from './probe.ts';

/** How a file becomes what Telegram plays inline: H.264 with AAC in mp4, index first. */
export interface VideoPlan {
  /** Copied as it is, or encoded anew at this size. */
  video: 'copy' | { width: number; height: number };
  audio: 'copy' | 'encode' | 'none';
  /** The container has nothing in it that must go: where its index also comes first, the file can stay as it is. */
  isContainerFine: boolean;
}

/** No side of a video that is encoded anew is longer: enough for 1080p, or for more where that was asked for. */
export const longestSide = (quality: Quality | undefined): number =>
  quality === 'best' || quality === '2160p' ? 3840 : quality === '1440p' ? 2560 : 1920;

const even = (length: number): number => Math.max(2, Math.round(length / 2) * 2);

/** The size of a new encoding: the shape as shown, both sides even, none longer than `longest`. */
export const encodedSize = (
  shown: { width: number; height: number },
  longest: number,
): { width: number; height: number } => {
  const scale = Math.min(1, longest / Math.max(shown.width, shown.height));
  return { width: even(shown.width * scale), height: even(shown.height * scale) };
};

/** Decides what must be done; null where the file has no pictures. */
export const videoPlan = (
  { formats, streamCount, video, audio }: Probe,
  longest: number,
): VideoPlan | null => {
  if (!video) return null;
  // 10 bit, 4:2:2 and 4:4:4 do not play on phones, nor do odd sides and pixels that are not square everywhere.
  const canCopyVideo =
    video.codec === 'h264' && ['yuv420p', 'yuvj420p'].includes(video.pixelFormat) && video.isPlain;
  const canCopyAudio = audio?.codec === 'aac';
  return {
    video: canCopyVideo ? 'copy' : encodedSize(video, longest),
    audio: audio ? (canCopyAudio ? 'copy' : 'encode') : 'none',
    isContainerFine:
      canCopyVideo && (!audio || canCopyAudio) && formats.includes('mp4') && streamCount === (audio ? 2 : 1),
  };
};

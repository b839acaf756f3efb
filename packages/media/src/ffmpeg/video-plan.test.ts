import { describe, expect, it } from 'vitest';
import type { Probe } from './probe.ts';
import { encodedSize, longestSide, videoPlan } from './video-plan.ts';

const video = { index: 0, codec: 'h264', pixelFormat: 'yuv420p', width: 640, height: 360, isPlain: true };
const mp4: Probe = {
  formats: ['mov', 'mp4'],
  durationS: 9,
  streamCount: 2,
  video,
  audio: { index: 1, codec: 'aac' },
};

describe('videoPlan', () => {
  it('leaves an mp4 of H.264 and AAC as it is', () => {
    expect(videoPlan(mp4, 1920)).toEqual({ video: 'copy', audio: 'copy', isContainerFine: true });
  });

  it('changes only the container of another one, and of one with more streams', () => {
    const copied = { video: 'copy', audio: 'copy', isContainerFine: false };
    expect(videoPlan({ ...mp4, formats: ['matroska', 'webm'] }, 1920)).toEqual(copied);
    expect(videoPlan({ ...mp4, streamCount: 3 }, 1920)).toEqual(copied);
  });

  it('encodes only the sound where only that does not fit', () => {
    expect(videoPlan({ ...mp4, audio: { index: 1, codec: 'opus' } }, 1920)).toMatchObject({
      video: 'copy',
      audio: 'encode',
    });
  });

  it.each([
    { codec: 'vp9' },
    { codec: 'hevc' },
    { pixelFormat: 'yuv420p10le' },
    { pixelFormat: 'yuv444p' },
    { isPlain: false },
  ])('encodes pictures that do not play everywhere: %o', (other) => {
    expect(videoPlan({ ...mp4, video: { ...video, ...other } }, 1920)).toMatchObject({
      video: { width: 640, height: 360 },
      audio: 'copy',
      isContainerFine: false,
    });
  });

  it('needs pictures and no sound', () => {
    const { video: _, ...sound } = mp4;
    const { audio: __, ...silent } = mp4;
    expect(videoPlan(sound, 1920)).toBeNull();
    expect(videoPlan({ ...silent, streamCount: 1 }, 1920)).toEqual({
      video: 'copy',
      audio: 'none',
      isContainerFine: true,
    });
  });
});

describe('encodedSize', () => {
  it.each([
    [640, 360, 640, 360],
    [641, 359, 642, 360],
    [3840, 2160, 1920, 1080],
    [2160, 3840, 1080, 1920],
    [1, 1, 2, 2],
    [10_000, 3, 1920, 2],
  ])('makes %i×%i a picture of %i×%i', (width, height, outWidth, outHeight) => {
    expect(encodedSize({ width, height }, 1920)).toEqual({ width: outWidth, height: outHeight });
  });
});

describe('longestSide', () => {
  it('lets more through where more was asked for', () => {
    expect([undefined, '720p', '1440p', '2160p', 'best'].map((one) => longestSide(one as 'best'))).toEqual([
      1920, 1920, 2560, 3840, 3840,
    ]);
    expect(encodedSize({ width: 3840, height: 2160 }, longestSide('best'))).toEqual({
      width: 3840,
      height: 2160,
    });
  });
});

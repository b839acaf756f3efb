import { describe, expect, it } from 'vitest';
import { createGopReader } from './key-frames.ts';

const packet = (stream: number, atS: number | 'N/A', size: number, flags: string) =>
  `stream_index=${stream}|pts_time=${atS}|size=${size}|flags=${flags}`;

const read = (lines: string[], audio: number | undefined = 1) => {
  const reader = createGopReader(0, audio);
  for (const line of lines) reader.read(line);
  return reader.gops();
};

describe('createGopReader', () => {
  it('gives each stretch its pictures, its share of the sound, and their entries in the tables', () => {
    const gops = read([
      packet(0, 0, 1000, 'K_'),
      packet(1, 0.1, 100, 'K_'),
      packet(0, 0.5, 10, '__'),
      packet(1, 2.2, 70, 'K_'),
      packet(0, 2, 2000, 'K__'),
      packet(2, 0, 5000, 'K_'),
      'index=0|has_b_frames=0',
      'index=1',
      'start_time=0.000000',
    ]);
    expect(gops).toEqual([
      { startS: 0, sizeBytes: 1000 + 10 + 2 * 40 + 140 },
      { startS: 2, sizeBytes: 2040 + 110 },
    ]);
  });

  it('counts from where the file begins', () => {
    const gops = read([packet(0, 10, 1, 'K_'), packet(0, 12, 1, 'K_'), 'start_time=10.000000']);
    expect(gops.map(({ startS }) => startS)).toEqual([0, 2]);
  });

  it('takes stretches together that ffmpeg could not find for certain', () => {
    const pictures = [0, 2, 2.1, 2.2, 4].map((atS) => packet(0, atS, 100, 'K_'));
    const starts = (delay: number) =>
      read([...pictures, `index=0|has_b_frames=${delay}`]).map(({ startS }) => startS);
    expect(starts(0)).toEqual([0, 2, 2.1, 2.2, 4]);
    // The one at 2.2 lasts long enough, those before it do not.
    expect(starts(2)).toEqual([0, 2.2, 4]);
  });

  it('does without times that are not there', () => {
    expect(read([packet(0, 'N/A', 100, 'K_'), packet(1, 'N/A', 1, 'K_')])).toEqual([]);
  });
});

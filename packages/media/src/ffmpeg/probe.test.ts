import { describe, expect, it } from 'vitest';
import { readProbe } from './probe.ts';

const read = (streams: object[], format: object = {}) => readProbe(JSON.stringify({ streams, format }));
const picture = {
  index: 0,
  codec_type: 'video',
  codec_name: 'h264',
  pix_fmt: 'yuv420p',
  width: 720,
  height: 576,
};

describe('readProbe', () => {
  it('tells size and shape as shown', () => {
    expect(read([picture]).video).toMatchObject({ width: 720, height: 576, isPlain: true });
    expect(read([{ ...picture, sample_aspect_ratio: '0:1' }]).video).toMatchObject({
      width: 720,
      isPlain: true,
    });
    expect(read([{ ...picture, sample_aspect_ratio: '64:45' }]).video).toMatchObject({
      width: 1024,
      height: 576,
      isPlain: false,
    });
    expect(read([{ ...picture, side_data_list: [{}, { rotation: -90 }] }]).video).toMatchObject({
      width: 576,
      height: 720,
    });
    expect(read([{ ...picture, side_data_list: [{ rotation: 180 }] }]).video).toMatchObject({ width: 720 });
    expect(read([{ ...picture, width: 719 }]).video?.isPlain).toBe(false);
  });

  it('takes no cover picture for a video', () => {
    const cover = { ...picture, codec_name: 'mjpeg', disposition: { attached_pic: 1 } };
    const sound = { index: 1, codec_type: 'audio', codec_name: 'mp3' };
    const found = read([cover, sound], { format_name: 'mp3', duration: '1.5' });
    expect(found).toEqual({
      formats: ['mp3'],
      durationS: 1.5,
      streamCount: 2,
      audio: { index: 1, codec: 'mp3' },
    });
  });

  it('prefers the default stream, and takes the longest stream where the file tells no duration', () => {
    const other = { ...picture, index: 2, disposition: { default: 1 }, duration: '7.25' };
    const found = read([{ ...picture, duration: '3' }, other], { duration: 'N/A' });
    expect(found).toMatchObject({ durationS: 7.25, video: { index: 2 } });
    expect(read([picture]).durationS).toBe(0);
  });
});

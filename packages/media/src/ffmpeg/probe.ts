import { type FfmpegTools, runTool, untrustedInput } from './run-tool.ts';

/** A stream of pictures; `width` and `height` are as shown: square pixels, after rotation. */
export interface VideoStream {
  index: number;
  codec: string;
  pixelFormat: string;
  width: number;
  height: number;
  /** Pixels are square, and both sides of the coded picture are even. */
  isPlain: boolean;
}

export interface AudioStream {
  index: number;
  codec: string;
}

export interface Probe {
  formats: string[];
  /** 0 where the file does not tell. */
  durationS: number;
  streamCount: number;
  video?: VideoStream;
  audio?: AudioStream;
}

interface RawStream {
  index: number;
  codec_type?: string;
  codec_name?: string;
  pix_fmt?: string;
  width?: number;
  height?: number;
  sample_aspect_ratio?: string;
  duration?: string;
  disposition?: { attached_pic?: number; default?: number };
  side_data_list?: { rotation?: number }[];
}

interface RawProbe {
  format?: { format_name?: string; duration?: string };
  streams?: RawStream[];
}

const seconds = (text: string | undefined): number => {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : 0;
};

const pixelAspect = (ratio: string | undefined): number => {
  const [width = 0, height = 0] = (ratio ?? '').split(':').map(Number);
  return width > 0 && height > 0 ? width / height : 1;
};

const videoOf = (stream: RawStream): VideoStream => {
  const { width = 0, height = 0 } = stream;
  const aspect = pixelAspect(stream.sample_aspect_ratio);
  const rotation = stream.side_data_list?.find((one) => one.rotation !== undefined)?.rotation ?? 0;
  const shown = [Math.max(1, Math.round(width * aspect)), Math.max(1, height)] as const;
  const [shownWidth, shownHeight] = Math.abs(rotation) % 180 === 90 ? [shown[1], shown[0]] : shown;
  return {
    index: stream.index,
    codec: stream.codec_name ?? '',
    pixelFormat: stream.pix_fmt ?? '',
    width: shownWidth,
    height: shownHeight,
    isPlain: aspect === 1 && width % 2 === 0 && height % 2 === 0,
  };
};

/** Reads what ffprobe prints with `-show_format -show_streams` as JSON. */
export const readProbe = (text: string): Probe => {
  const { format = {}, streams = [] } = JSON.parse(text) as RawProbe;
  const best = (type: string): RawStream | undefined => {
    // A cover picture in an audio file is a video stream to ffmpeg, and to nobody else.
    const all = streams.filter((one) => one.codec_type === type && one.disposition?.attached_pic !== 1);
    return all.find((one) => one.disposition?.default === 1) ?? all[0];
  };
  const video = best('video');
  const audio = best('audio');
  return {
    formats: (format.format_name ?? '').split(','),
    durationS: seconds(format.duration) || Math.max(0, ...streams.map((one) => seconds(one.duration))),
    streamCount: streams.length,
    ...(video?.width && video.height ? { video: videoOf(video) } : {}),
    ...(audio ? { audio: { index: audio.index, codec: audio.codec_name ?? '' } } : {}),
  };
};

/**
 * What is in a file. Only the file itself is opened.
 * @throws {ToolFailed} where it is no media that ffmpeg knows.
 */
export const probe = async (tools: FfmpegTools, path: string): Promise<Probe> => {
  const args = ['-v', 'error', ...untrustedInput, '-show_format', '-show_streams', '-print_format', 'json'];
  return readProbe(await runTool(tools.ffprobePath, [...args, '-i', `file:${path}`], tools));
};

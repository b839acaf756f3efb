import { dirname, isAbsolute } from 'node:path';
import type { MediaKind } from '@heavy/contracts';
import { untrustedInput } from '../ffmpeg/run-tool.ts';

export interface YtDlpRequest {
  url: string;
  kind: MediaKind;
  ffmpegPath: string;
  socketTimeoutS: number;
  proxyUrl?: string;
}

/** Every file that yt-dlp writes begins with this. */
export const fileStem = 'media';

/** One JSON object on a line of standard output each: what will be downloaded, how far it is, where it is. */
const infoFields = [
  ...['id', 'title', 'duration', 'extractor_key', 'webpage_url', 'is_live', 'live_status', 'direct'],
  ...['artist', 'creator', 'uploader', 'channel'],
].join(',');
const progressFields =
  '"format":%(info.format_id)j,"bytes":%(progress.downloaded_bytes|null)s,"total":%(progress.total_bytes|null)s,"estimate":%(progress.total_bytes_estimate|null)s,"speed":%(progress.speed|null)s,"eta":%(progress.eta|null)s';

/** Sound alone may be fetched alone; pictures without sound are a video too. What plays without encoding is preferred. */
const formats: Record<MediaKind, string[]> = {
  video: ['-f', 'bv*+ba/b/bv*', '-S', 'res:1080,vcodec:h264,acodec:aac,ext:mp4:m4a'],
  audio: ['-f', 'ba/b/ba*'],
};

/**
 * yt-dlp's arguments for one download of an untrusted URL into the current folder. Nothing outside of them counts: no
 * configuration, plug-ins, cookies or commands; one item and no playlist; nothing that is live.
 */
export const ytDlpArguments = ({
  url,
  kind,
  ffmpegPath,
  socketTimeoutS,
  proxyUrl,
}: YtDlpRequest): string[] => [
  ...['--ignore-config', '--no-plugin-dirs', '--no-exec', '--no-cookies-from-browser', '--no-cache-dir'],
  ...['--no-playlist', '-I', '1', '--max-downloads', '1', '--match-filters', '!is_live'],
  ...[
    '--socket-timeout',
    String(socketTimeoutS),
    '--retries',
    '3',
    '--extractor-retries',
    '1',
    '--fragment-retries',
    '3',
  ],
  // A video with a hole in it is no success.
  ...['--abort-on-unavailable-fragments', '--continue', '--concurrent-fragments', '4'],
  ...formats[kind],
  // What ffmpeg would repair, our own conversion writes anew anyway.
  ...['--fixup', 'never', '--merge-output-format', 'mp4/mkv'],
  ...(isAbsolute(ffmpegPath) ? ['--ffmpeg-location', dirname(ffmpegPath)] : []),
  ...['--postprocessor-args', `Merger+ffmpeg_i:${untrustedInput.join(' ')}`],
  ...['--downloader-args', 'ffmpeg_i:-protocol_whitelist http,https,tcp,tls,crypto,httpproxy,data'],
  // YouTube needs a JavaScript runtime: the one that runs us.
  ...['--no-js-runtimes', '--js-runtimes', `node:${process.execPath}`],
  ...(proxyUrl === undefined ? [] : ['--proxy', proxyUrl]),
  ...['--color', 'never', '--newline', '--progress', '--progress-delta', '0.5', '--no-simulate'],
  ...['--progress-template', `download:{"progress":{${progressFields}}}`],
  // Before the filters, so that it is known why something is passed over.
  ...['--print', `pre_process:{"info":%(.{${infoFields}})j}`],
  ...['--restrict-filenames', '--no-mtime', '-o', `${fileStem}.%(ext)s`],
  // Without it a URL that begins with a dash would be an option.
  ...['--', url],
];

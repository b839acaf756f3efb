import { dirname, isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AudioFormat, MediaRequest, Quality } from '@heavy/contracts';
import { untrustedInput } from '../ffmpeg/run-tool.ts';
import type { SiteProfile } from './site-profiles.ts';

export interface YtDlpRequest extends MediaRequest {
  ffmpegPath: string;
  socketTimeoutS: number;
  proxyUrl?: string;
  /** yt-dlp writes to it. */
  cookiesFile?: string;
  profile?: Partial<SiteProfile>;
  /** Tries a broken connection again more often, and less at once. */
  persistent?: boolean;
}

/** What we change in yt-dlp: docs/decisions/0017-partial-files-are-vouched-for.md. */
const ourPlugins = fileURLToPath(new URL('yt-dlp-plugins', import.meta.url));

/** Every file that yt-dlp writes begins with this. */
export const fileStem = 'media';

/** Entries that are looked at to tell a playlist from a post with one video among pictures. */
export const listedEntries = 21;

/** One JSON object on a line of standard output each: what will be downloaded, how far it is, where it is. */
const infoFields = [
  ...['id', 'title', 'duration', 'extractor_key', 'webpage_url', 'is_live', 'live_status', 'direct'],
  ...['artist', 'creator', 'uploader', 'channel', 'n_entries', 'playlist_id', 'playlist_index'],
].join(',');
const sizeFields = 'filesize,filesize_approx';
const progressFields =
  '"format":%(info.format_id)j,"bytes":%(progress.downloaded_bytes|null)s,"total":%(progress.total_bytes|null)s,"estimate":%(progress.total_bytes_estimate|null)s,"speed":%(progress.speed|null)s,"eta":%(progress.eta|null)s';

const resolution = (quality: Quality): string =>
  quality === 'best' ? 'res' : `res:${parseInt(quality, 10)}`;

const preferredSound: Record<AudioFormat, string[]> = {
  mp3: [],
  m4a: ['-S', 'acodec:aac'],
  opus: ['-S', 'acodec:opus'],
};

/**
 * Sound alone may be fetched alone; pictures without sound are a video too. The largest that is not larger than asked
 * for, else the smallest that is; among those of a size, what plays without encoding.
 */
const formatArguments = ({ kind, quality = '1080p', format = 'mp3', profile }: YtDlpRequest): string[] =>
  kind === 'audio'
    ? ['-f', 'ba/b/ba*', ...preferredSound[format]]
    : [
        `--format=${profile?.format ?? 'bv*+ba/b/bv*'}`,
        ...['-S', `${resolution(quality)},vcodec:h264,acodec:aac,ext:mp4:m4a`],
      ];

/** Values are part of their option: none becomes an option of its own by beginning with a dash. */
const profileArguments = ({ profile = {}, cookiesFile }: YtDlpRequest): string[] => {
  const { extractorArgs = [], userAgent, referer, headers = {}, sleepRequestsS, rateLimit } = profile;
  return [
    ...extractorArgs.map((value) => `--extractor-args=${value}`),
    ...(userAgent === undefined ? [] : [`--user-agent=${userAgent}`]),
    ...(referer === undefined ? [] : [`--referer=${referer}`]),
    ...Object.entries(headers).map(([name, value]) => `--add-headers=${name}:${value}`),
    ...(sleepRequestsS === undefined ? [] : [`--sleep-requests=${sleepRequestsS}`]),
    ...(rateLimit === undefined ? [] : [`--limit-rate=${rateLimit}`]),
    ...(cookiesFile === undefined ? [] : [`--cookies=${cookiesFile}`]),
  ];
};

/**
 * Seconds between tries grow by half of one each time, up to two: a source that is gone is given up within half a minute. What
 * is being read when a connection breaks is lost, so that is little: by itself yt-dlp reads up to 4 MB at a time.
 */
const persistentArguments = [
  ...['--retries', '10', '--fragment-retries', '10'],
  ...['--retry-sleep', 'linear=0:2:0.5', '--retry-sleep', 'fragment:linear=0:2:0.5'],
  ...['--buffer-size', '64K', '--no-resize-buffer'],
];

/** Nothing outside of these counts: no configuration, other plug-ins, cookies of a browser, or commands. */
const commonArguments = (request: YtDlpRequest): string[] => [
  ...['--ignore-config', '--no-plugin-dirs', '--no-exec', '--no-cookies-from-browser', '--no-cache-dir'],
  ...['--plugin-dirs', ourPlugins, '--no-update', '--color', 'never', '--no-playlist'],
  ...['--socket-timeout', String(request.socketTimeoutS), '--extractor-retries', '1'],
  // YouTube needs a JavaScript runtime: the one that runs us.
  ...['--no-js-runtimes', '--js-runtimes', `node:${process.execPath}`],
  ...(request.proxyUrl === undefined ? [] : ['--proxy', request.proxyUrl]),
  ...profileArguments(request),
];

/**
 * yt-dlp's arguments for one download of an untrusted URL into the current folder: one item, nothing that is live, and
 * nothing of a playlist of which no entry was asked for. Whether it is one shows in a second entry: so two are
 * looked up, and where there are two neither passes.
 */
export const ytDlpArguments = (request: YtDlpRequest): string[] => [
  ...commonArguments(request),
  ...['-I', request.item === undefined ? '1:2' : String(request.item), '--max-downloads', '1'],
  ...['--match-filters', '!is_live & n_entries<=?1'],
  ...(request.persistent ? persistentArguments : ['--retries', '3', '--fragment-retries', '3']),
  // A video with a hole in it is no success.
  ...['--abort-on-unavailable-fragments', '--continue'],
  ...['--concurrent-fragments', String(request.profile?.concurrentFragments ?? 4)],
  ...formatArguments(request),
  // What ffmpeg would repair, our own conversion writes anew anyway.
  ...['--fixup', 'never', '--merge-output-format', 'mp4/mkv'],
  ...(isAbsolute(request.ffmpegPath) ? ['--ffmpeg-location', dirname(request.ffmpegPath)] : []),
  ...['--postprocessor-args', `Merger+ffmpeg_i:${untrustedInput.join(' ')}`],
  // An rtmpdump that is installed would go around the proxy; ffmpeg refuses the protocol.
  ...['--downloader', 'rtmp:ffmpeg'],
  ...['--downloader-args', 'ffmpeg_i:-protocol_whitelist http,https,tcp,tls,crypto,httpproxy,data'],
  ...['--newline', '--progress', '--progress-delta', '0.5', '--no-simulate'],
  ...['--progress-template', `download:{"progress":{${progressFields}}}`],
  // Before the filters, so that it is known why something is passed over.
  ...['--print', `pre_process:{"info":%(.{${infoFields}})j}`],
  // After the choice of formats; more than one where pictures and sound are apart.
  ...[
    '--print',
    `before_dl:{"chosen":%(.{url,protocol,${sizeFields}})j,"parts":%(requested_formats.:.{${sizeFields}})j}`,
  ],
  // Not reached after a download.
  ...['--print', 'playlist:{"playlist":%(.{playlist_count})j}'],
  ...['--restrict-filenames', '--no-mtime', '-o', `${fileStem}.%(ext)s`],
  // Without it a URL that begins with a dash would be an option.
  ...['--', request.url],
];

/** yt-dlp's arguments for a list of a playlist's first entries; those that lead elsewhere are not looked up. */
export const listingArguments = (request: YtDlpRequest): string[] => [
  ...commonArguments(request),
  ...['--flat-playlist', '-I', `1:${listedEntries}`, '--simulate', '--ignore-no-formats-error'],
  // An entry that leads elsewhere has a URL, and a video formats; a picture has neither.
  ...['--print', 'pre_process:{"entry":%(.{playlist_index,url})j,"format":%(formats.0.format_id|null)j}'],
  ...['--', request.url],
];

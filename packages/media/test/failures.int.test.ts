import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FailureCode, type FailureContext, failureCodes, type MediaKind } from '@heavy/contracts';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { DownloadLimits } from '../src/index.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';
import { type SampleSite, startSampleSite } from './sample-site.ts';
import { downloadThroughEgress, failureOf } from './through-egress.ts';

/** How commands end that are no downloads, or before and after one. */
const endsOfCommands = [
  ...(['url_missing', 'large_unavailable', 'media_not_allowed', 'cancelled', 'withdrawn'] as const),
  ...(['nothing_to_cancel', 'not_yours', 'admins_only'] as const),
  ...(['admin_word', 'rate_limited', 'duration_invalid', 'target_missing'] as const),
  ...(['user_unknown', 'admin_untouchable'] as const),
] satisfies FailureCode[];
type DownloadCode = Exclude<FailureCode, (typeof endsOfCommands)[number]>;

interface FromSite {
  /** A path of the sample site, or a URL. */
  of: string;
  kind?: MediaKind;
  limits?: Partial<DownloadLimits>;
  context?: FailureContext;
}

/** Lines of yt-dlp 2026.08.19 on standard error, in the words of its sources, where only a site brings them about. */
interface Recorded {
  stderr: string;
}

type Case = FromSite | Recorded;

const cookies =
  'Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp/yt-dlp/wiki/FAQ#how-do-i-pass-cookies-to-yt-dlp  for how to manually pass cookies';
const youtubeCookies = `${cookies}. Also see  https://github.com/yt-dlp/yt-dlp/wiki/Extractors#exporting-youtube-cookies  for tips on effectively exporting YouTube cookies`;
const report =
  'please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the appropriate issue template. Confirm you are on the latest version using  yt-dlp -U';

const recorded = (...lines: string[]): Recorded => ({ stderr: lines.join('\n') });
const youtube = (line: string, ...more: string[]): Recorded =>
  recorded(`ERROR: [youtube] dQw4w9WgXcQ: ${line}`, ...more);

/** Every way in which a download ends without its media, each by real yt-dlp where that can be. */
const cases: Record<DownloadCode, [Case, ...Case[]]> = {
  url_invalid: [{ of: 'ftp://127.0.0.1/x' }, { of: 'http://user:secret@127.0.0.1/x' }, { of: 'what?' }],
  address_refused: [
    { of: 'http://169.254.169.254/latest/meta-data/', context: { subject: '169.254.169.254' } },
    { of: 'https://localhost/', context: { subject: 'localhost' } },
  ],
  unsupported: [
    ...([{ of: '/page' }, { of: '/image.png' }, { of: '/empty.mp4' }, { of: '/junk.mp4' }] as const),
    // yt-dlp knows that all of this site is protected, and does not even ask it.
    { of: 'https://open.spotify.com/track/1' },
    recorded('ERROR: [twitter] 1577719286659006464: No video could be found in this tweet'),
    recorded('ERROR: [Instagram] C1abcDEfgHI: There is no video in this post'),
  ],
  not_found: [
    ...([{ of: '/404' }, { of: '/410' }, { of: '/404.mp4' }, { of: '/moved-to-404' }] as const),
    youtube('Video unavailable'),
    youtube('Video unavailable. This video has been removed by the uploader'),
    recorded('ERROR: [twitter:broadcast] 1vOxwMRgXbbKB: Broadcast no longer exists'),
  ],
  login_required: [
    ...([{ of: '/401' }, { of: '/403' }] as const),
    youtube(`Sign in to confirm you’re not a bot. ${youtubeCookies}`),
    youtube(`Private video. Sign in if you've been granted access to this video. ${youtubeCookies}`),
    recorded(`ERROR: [twitter] 1577719286659006464: NSFW tweet requires authentication. ${cookies}`),
    recorded(
      `ERROR: [Instagram] C1abcDEfgHI: This content is only available for registered users who follow this account. ${cookies}`,
    ),
    recorded(
      'ERROR: [vimeo] 68375962: This video is protected by a password, use the --video-password option',
    ),
  ],
  geo_blocked: [
    { of: '/451' },
    youtube(
      'The uploader has not made this video available in your country',
      'This video is available in Germany, Austria.',
      'You might want to use a VPN or a proxy server (with --proxy) to workaround.',
    ),
    recorded(
      'ERROR: [BBCiPlayer] b01n8n9x: This video is not available from your location due to geo restriction',
      'You might want to use a VPN or a proxy server (with --proxy) to workaround.',
    ),
  ],
  age_restricted: [
    youtube(`Sign in to confirm your age. This video may be inappropriate for some users. ${youtubeCookies}`),
    recorded(
      'ERROR: [twitter] 1577719286659006464: Twitter API says: Age-restricted adult content. This content might not be appropriate for people under 18 years old. To view this media, you’ll need to log in to X',
    ),
  ],
  playlist: [{ of: '/feed.xml', context: { count: 3 } }],
  live_stream: [
    { of: '/live.m3u8' },
    youtube('This live event will begin in 3 hours.'),
    youtube('Premieres in 5 minutes'),
    recorded('ERROR: [twitch:stream] someone: The channel is not currently live'),
  ],
  too_long: [
    { of: '/fast.mp4', limits: { maxDurationS: 1 }, context: { limit: 1 } },
    { of: '/stream.m3u8', limits: { maxDurationS: 1 }, context: { limit: 1 } },
  ],
  too_large: [
    { of: '/too-large.mp4', limits: { maxBytes: 1_000_000 }, context: { limit: 1_000_000 } },
    { of: '/endless.mp4', limits: { maxBytes: 1_000_000 }, context: { limit: 1_000_000 } },
  ],
  no_video: [{ of: '/sound.mp3' }, { of: '/tone.m3u8' }],
  no_audio: [{ of: '/silent.mp4', kind: 'audio' }],
  extractor_broken: [
    // A site that yt-dlp knows, and that is not what it was.
    { of: 'http://www.ted.com/talks/something' },
    recorded(`ERROR: [soundcloud] 62986583: Unable to extract title; ${report}`),
    recorded(
      `ERROR: [TikTok] 7059698374567611694: 7059698374567611694: Failed to parse JSON (caused by JSONDecodeError("Expecting value in '': line 1 column 1 (char 0)")); ${report}`,
    ),
    recorded(
      `ERROR: [facebook] 1234567890: 'NoneType' object is not subscriptable (caused by TypeError("'NoneType' object is not subscriptable")); ${report}`,
    ),
  ],
  source_slow: [
    { of: '/silence', limits: { socketTimeoutS: 1 } },
    { of: '/drip.mp4', limits: { wallClockMs: 4000 }, context: { limit: 4 } },
  ],
  source_rate_limited: [
    ...([{ of: '/429' }, { of: '/429?after=7', context: { retryAfterS: 7 } }] as const),
    youtube(
      "This content isn't available, try again later. The current session has been rate-limited by YouTube for up to an hour. It is recommended to use `-t sleep` to add a delay between video requests to avoid exceeding the rate limit.",
    ),
  ],
  source_unreachable: [
    { of: '/503?after=7', context: { retryAfterS: 7 } },
    ...([{ of: '/500' }, { of: '/503' }, { of: '/reset' }, { of: '/loop' }] as const),
    ...([{ of: 'http://127.0.0.1:9/x' }, { of: 'https://127.0.0.1:9/x' }] as const),
    ...([{ of: 'http://no-such-name.invalid/x' }, { of: 'https://no-such-name.invalid/x' }] as const),
  ],
  internal: [
    recorded('ERROR: unable to write data: [Errno 28] No space left on device'),
    recorded('ERROR: something that nobody has seen'),
    recorded(),
  ],
};

/** What the sample site has not. */
const livePath = '/live.m3u8';
const live =
  '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:1,\n0.ts\n#EXTINF:1,\n1.ts\n';

let site: SampleSite;
let origin: LoopbackServer;
/** Stands for every public host. */
let upstream: LoopbackServer;
let folder: string;
beforeAll(async () => {
  site = await startSampleSite(inject('tools').ffmpeg);
  origin = await startLoopbackServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(live);
  });
  upstream = await startLoopbackServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>We have been redesigned.</html>');
  });
  folder = await mkdtemp(join(tmpdir(), 'heavy-recorded-'));
});
afterAll(async () => {
  await Promise.all([site.stop(), origin.stop(), upstream.stop()]);
  await rm(folder, { recursive: true, force: true });
});

/** In place of yt-dlp: says what it said. */
const repeating = async (stderr: string): Promise<string> => {
  const path = join(folder, 'yt-dlp');
  await writeFile(path, `#!/bin/sh\ncat >&2 <<'END'\n${stderr}\nEND\nexit 1\n`);
  await chmod(path, 0o755);
  return path;
};

const failing = async (one: Case) => {
  if ('stderr' in one)
    return downloadThroughEgress({
      order: { url: 'https://media.example/x' },
      egress: { allowHosts: [] },
      tools: { ytDlpPath: await repeating(one.stderr) },
    });
  const { of, kind = 'video', limits = {} } = one;
  const base = of === livePath ? `http://127.0.0.1:${origin.port}` : site.url;
  const isKnownSite = of.startsWith('http://www.ted.com/');
  return downloadThroughEgress({
    order: { url: of.startsWith('/') ? base + of : of, kind },
    egress: {
      allowHosts: [new URL(site.url).host, `127.0.0.1:${origin.port}`, '127.0.0.1:9'],
      ...(isKnownSite && {
        upstreamProxyUrl: `http://127.0.0.1:${upstream.port}`,
        lookup: async () => [{ address: '3000::1', family: 6 }],
      }),
    },
    limits,
  });
};

describe('the failures of a download', () => {
  it('are all here', () => {
    const others: readonly FailureCode[] = endsOfCommands;
    expect(Object.keys(cases).sort()).toEqual(failureCodes.filter((code) => !others.includes(code)).sort());
  });

  const rows = Object.entries(cases).flatMap(([code, list]) =>
    list.map((one): [string, string, Case] => [code, 'of' in one ? one.of : one.stderr.slice(0, 90), one]),
  );
  it.each(rows)('are %s on %s', async (code, _name, one) => {
    const failure = await failureOf(failing(one));
    expect(failure).toMatchObject({ code, context: ('context' in one && one.context) || {} });
  });
});

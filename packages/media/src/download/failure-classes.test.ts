import type { FailureCode } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import { classifyFailure, failureClasses } from './failure-classes.ts';

const report =
  'please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the appropriate issue template. Confirm you are on the latest version using  yt-dlp -U';
const cookies =
  'Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp/yt-dlp/wiki/FAQ#how-do-i-pass-cookies-to-yt-dlp  for how to manually pass cookies';
const page = (status: string) =>
  `ERROR: [generic] x: Unable to download webpage: HTTP Error ${status} (caused by <HTTPError ${status}>)`;
const transport = (reason: string) =>
  `ERROR: [generic] x: Unable to download webpage: ${reason} (caused by TransportError('${reason}'))`;
const tunnel = (answer: string) =>
  `ERROR: [generic] x: Unable to download webpage: ('Unable to connect to proxy', OSError('Tunnel connection failed: ${answer}')) (caused by ProxyError("('Unable to connect to proxy', OSError('Tunnel connection failed: ${answer}'))")); ${report}`;

/** What yt-dlp printed, or prints by its source, and what it means. */
const recorded: [FailureCode, string][] = [
  ['internal', 'ERROR: unable to write data: [Errno 28] No space left on device'],
  ['internal', "ERROR: unable to open for writing: [Errno 13] Permission denied: 'media.mp4.part'"],
  [
    'internal',
    'ERROR: Postprocessing: ffmpeg not found. Please install or provide the path using --ffmpeg-location',
  ],
  ['internal', transport('Unable to connect to proxy')],
  ['internal', tunnel('407 Proxy Authentication Required')],
  ['internal', tunnel('597 UPSTREAM407')],
  ['internal', page('597: Auth Failed')],
  ['internal', 'ERROR: something nobody has seen'],
  ['internal', ''],
  ['internal', 'WARNING: [youtube] HTTP Error 404: Not Found'],
  ['url_invalid', 'ERROR: [generic] \'http:///x\' is not a valid URL. Set --default-search "ytsearch"'],
  ['live_stream', 'ERROR: [youtube] abc: This live event will begin in 3 hours.'],
  ['live_stream', 'ERROR: [youtube] abc: Premieres in 5 minutes'],
  ['live_stream', 'ERROR: [twitch:stream] someone: The channel is not currently live'],
  ['live_stream', 'ERROR: [youtube] abc: This live stream recording is not available.'],
  [
    'age_restricted',
    `ERROR: [youtube] abc: Sign in to confirm your age. This video may be inappropriate for some users. ${cookies}`,
  ],
  ['age_restricted', 'ERROR: [x] 1: This video is age restricted'],
  [
    'geo_blocked',
    'ERROR: [a] 1: This video is not available from your location due to geo restriction. You might want to use a VPN or a proxy server (with --proxy) to workaround.',
  ],
  [
    'geo_blocked',
    'ERROR: [youtube] abc: Video unavailable. The uploader has not made this video available in your country',
  ],
  ['geo_blocked', page('451: Unavailable For Legal Reasons')],
  ['unsupported', 'ERROR: [a] 1: This video is DRM protected'],
  ['unsupported', 'ERROR: Incorrect AES key length (948477 bytes)'],
  ['unsupported', 'ERROR: Unsupported URL: http://127.0.0.1:8765/html'],
  ['unsupported', 'ERROR: [twitter] 1: No video could be found in this tweet'],
  ['unsupported', 'ERROR: [a] 1: No video formats found!'],
  ['unsupported', 'ERROR: Did not get any data blocks'],
  ['unsupported', 'ERROR: The downloaded file is empty'],
  ['unsupported', 'ERROR: [Instagram] C1: There is no video in this post'],
  ['extractor_broken', 'ERROR: unable to download video data: HTTP Error 403: Forbidden'],
  ['extractor_broken', `ERROR: [a] 1: Unable to extract title; ${report}`],
  ['extractor_broken', `ERROR: [a] 1: 1: Failed to parse JSON (caused by JSONDecodeError('x')); ${report}`],
  ['extractor_broken', "ERROR: [Some:site] 1: 'NoneType' object is not subscriptable"],
  ['login_required', page('401: Unauthorized')],
  ['login_required', page('403: Forbidden')],
  [
    'login_required',
    `ERROR: [youtube] abc: Private video. Sign in if you've been granted access to this video. ${cookies}`,
  ],
  ['login_required', 'ERROR: [youtube] abc: Video unavailable. This video is private'],
  ['login_required', `ERROR: [youtube] abc: Sign in to confirm you’re not a bot. ${cookies}`],
  [
    'login_required',
    'ERROR: [youtube] abc: Join this channel to get access to members-only content like this video, and other exclusive perks.',
  ],
  ['login_required', `ERROR: [facebook] 1: This video is only available for registered users. ${cookies}`],
  [
    'login_required',
    'ERROR: [Instagram] C1: Requested content is not available, rate-limit reached or login required',
  ],
  [
    'login_required',
    'ERROR: [vimeo] 1: This video is protected by a password, use the --video-password option',
  ],
  ['not_found', page('404: Not Found')],
  ['not_found', page('410: Gone')],
  ['not_found', 'ERROR: [youtube] abc: Video unavailable'],
  ['not_found', 'ERROR: [youtube] abc: Video unavailable. This video has been removed by the uploader'],
  [
    'not_found',
    'ERROR: [youtube] abc: Video unavailable. This video is no longer available because the YouTube account associated with this video has been terminated.',
  ],
  ['not_found', 'ERROR: fragment 1 not found, unable to continue'],
  ['source_slow', transport('timed out')],
  ['source_slow', transport('The read operation timed out')],
  ['source_slow', 'ERROR: \r[download] Got error: timed out. Giving up after 3 retries'],
  ['source_unreachable', transport('[Errno 111] Connection refused')],
  ['source_unreachable', transport('[Errno -2] Name or service not known')],
  ['source_unreachable', transport('[Errno 8] nodename nor servname provided, or not known')],
  ['source_unreachable', transport('Remote end closed connection without response')],
  [
    'source_unreachable',
    transport('[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate'),
  ],
  ['source_unreachable', tunnel('502 Bad Gateway')],
  ['source_unreachable', tunnel('590 UPSTREAM403')],
  ['source_unreachable', page('594: Connection Refused')],
  [
    'source_rate_limited',
    "ERROR: [youtube] abc: This content isn't available, try again later. The current session has been rate-limited by YouTube for up to an hour. It is recommended to use `-t sleep` to add a delay between video requests to avoid exceeding the rate limit.",
  ],
  ['source_rate_limited', page('429: Too Many Requests')],
  ['source_rate_limited', 'ERROR: unable to download video data: HTTP Error 429: Too Many Requests'],
  ['source_unreachable', 'ERROR: the source is another file each time that it is asked'],
  ['source_unreachable', page('500: Internal Server Error')],
  ['source_unreachable', page('503: Service Unavailable')],
  [
    'source_unreachable',
    'ERROR: [generic] loop: Unable to download webpage: HTTP Error 302: Found (redirect loop detected) (caused by <HTTPError 302: Found>)',
  ],
  [
    'source_unreachable',
    'ERROR: \r[download] Got error: 1000 bytes read, 27235 more expected. Giving up after 3 retries',
  ],
];

describe('classifyFailure', () => {
  it.each(recorded)('reads %s from %j', (code, line) => {
    expect(
      classifyFailure(`WARNING: [generic] Falling back on generic information extractor\n${line}\n`, 'video'),
    ).toBe(code);
  });

  it.each([
    ['unsupported', 'ERROR: Unsupported URL: http://e.example/private/login?x=HTTP%20Error%20404'],
    [
      'source_unreachable',
      'ERROR: [generic] private: Unable to download webpage: HTTP Error 500: Internal Server Error',
    ],
  ])('reads %s from what happened, and not from a name in %j', (code, line) => {
    expect(classifyFailure(line, 'video')).toBe(code);
  });

  it('tells what is missing by what was asked for', () => {
    const line =
      'ERROR: [generic] s: Requested format is not available. Use --list-formats for a list of available formats';
    expect(classifyFailure(line, 'video')).toBe('no_video');
    expect(classifyFailure(line, 'audio')).toBe('no_audio');
  });

  it('has no row that no recorded line reaches', () => {
    const lines = [...recorded.map(([, line]) => line), 'ERROR: [a] 1: Requested format is not available'];
    const first = (line: string) => failureClasses.find(({ pattern }) => pattern.test(line));
    expect(failureClasses.filter((row) => !lines.some((line) => first(line) === row))).toEqual([]);
  });
});

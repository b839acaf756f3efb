import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalUrl, contentHash } from './canonical-url.ts';
import { UrlInvalid } from './url-invalid.ts';

const video = 'https://www.youtube.com/watch?v=dQw4w9WgXcQ';

/** Each line: spellings of one thing, its canonical URL first. */
const same: string[][] = [
  [
    video,
    'http://youtube.com/watch?v=dQw4w9WgXcQ',
    'HTTPS://WWW.YouTube.COM:443/watch?v=dQw4w9WgXcQ#t=30',
    'https://www.youtube.com./watch?v=dQw4w9WgXcQ',
    'https://m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ',
    'https://music.youtube.com/watch?v=dQw4w9WgXcQ&si=AbCdEfGhIjKlMnOp',
    'https://www.youtube.com/watch/?v=dQw4w9WgXcQ&t=9',
    'https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1m9s&list=PLx&index=3&pp=ygU&ab_channel=Rick',
    'https://www.youtube.com/watch?v=dQw4w9WgXcQ&utm_source=telegram&feature=youtu.be&start=4',
    'https://www.youtube.com/watch?v=dQw4w9WgXcQ&v=dQw4w9WgXcQ',
    'https://youtu.be/dQw4w9WgXcQ',
    'https://youtu.be/%64Qw4w9WgXcQ',
    'https://youtu.be/dQw4w9WgXcQ/?si=zzz&t=42',
    'https://www.youtube.com/shorts/dQw4w9WgXcQ?feature=share',
    'https://youtube.com/embed/dQw4w9WgXcQ?start=10&autoplay=1',
    'https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ',
    'https://www.youtube.com/live/dQw4w9WgXcQ?si=q',
    'https://www.youtube.com/v/dQw4w9WgXcQ',
  ],
  ['https://www.youtube.com/watch?v=a', 'https://youtu.be/a', 'https://youtube.com/watch?v=a&t=9'],
  [
    'https://x.com/i/status/1234567890',
    'https://twitter.com/someone/status/1234567890?s=20&t=AbC',
    'https://mobile.twitter.com/other/status/1234567890/?ref_src=twsrc%5Etfw',
    'https://x.com/i/web/status/1234567890',
  ],
  ['https://x.com/i/status/1/video/2', 'https://twitter.com/a/status/1/video/2'],
  [
    'https://example.com/v?a=1&b=2',
    'https://EXAMPLE.com:443/v?b=2&a=1#chapter',
    'https://example.com/v?b=2&utm_source=x&a=1&UTM_Medium=y&fbclid=IwAR0',
    'https://example.com/v?&a=1&&b=2&',
    'https://example.com/v?a=1&b=2&t=1m30s&si=AbCdEfGhIjKlMnOp&igsh=MzRl',
    'https://example.com/x/../v?a=1&b=2',
    '  https://example.com/v?a=1&b=2\n',
  ],
  [
    'http://example.com/',
    'http://example.com',
    'HTTP://example.com:80/?utm_campaign=a#b',
    'http://example.com?',
  ],
  [
    'https://example.com/~a-b/%C3%A9%2F',
    'https://example.com/%7ea%2Db/%c3%a9%2f',
    'https://example.com/%7Ea-b/é%2F',
  ],
  ['https://xn--bcher-kva.example/%E2%9C%93', 'https://Bücher.example/✓'],
  ['http://[::1]:8080/a', 'http://[0:0:0:0:0:0:0:1]:8080/a'],
];

const different: [string, string][] = [
  ['https://www.youtube.com/watch?v=a', 'https://www.youtube.com/watch?v=b'],
  ['https://www.youtube.com/watch?v=a', 'https://www.youtube.com/watch?v=A'],
  ['https://www.youtube.com/watch?v=a&v=b', 'https://www.youtube.com/watch?v=a'],
  [
    'https://www.youtube.com/embed/videoseries?list=PL1',
    'https://www.youtube.com/embed/videoseries?list=PL2',
  ],
  [
    'https://www.youtube.com/embed/live_stream?channel=a',
    'https://www.youtube.com/embed/live_stream?channel=b',
  ],
  ['https://www.youtube.com/playlist?list=PL1', 'https://www.youtube.com/playlist?list=PL2'],
  ['https://www.youtube.com/@a/live', 'https://www.youtube.com/@b/live'],
  ['https://www.youtube.com/watch/a?v=b', 'https://www.youtube.com/watch?v=b'],
  ['https://youtu.be/watch?v=a', 'https://youtu.be/watch?v=b'],
  ['https://youtu.be/playlist?list=a', 'https://youtu.be/playlist?list=b'],
  ['https://youtu.be/shorts?x=a', 'https://youtu.be/shorts?x=b'],
  ['https://notyoutube.com/watch?v=a&x=1', 'https://notyoutube.com/watch?v=a&x=2'],
  ['https://youtube.com.example/watch?v=a&x=1', 'https://youtube.com.example/watch?v=a&x=2'],
  ['https://x.com/i/status/1/video/1', 'https://x.com/i/status/1/video/2'],
  ['https://example.com/viewtopic.php?t=1', 'https://example.com/viewtopic.php?t=2'],
  ['https://example.com/play?si=1', 'https://example.com/play?si=2'],
  ['https://example.com/?feature=first', 'https://example.com/?feature=second'],
  ['https://example.com/?id=1&id=2', 'https://example.com/?id=2&id=1'],
  ['https://example.com/?a', 'https://example.com/?a='],
  ['https://example.com/?a=1%262', 'https://example.com/?a=1&2'],
  ['https://example.com/a%2Fb', 'https://example.com/a/b'],
  ['https://example.com/A', 'https://example.com/a'],
  ['https://example.com/a', 'https://example.com/a/'],
  ['https://example.com/a', 'http://example.com/a'],
  ['https://example.com/a', 'https://example.com:8443/a'],
  ['https://example.com/a', 'https://www.example.com/a'],
];

const invalid: [string, string][] = [
  ['', 'not a URL'],
  ['hello', 'not a URL'],
  ['//example.com/a', 'not a URL'],
  ['http://', 'not a URL'],
  ['https://exa mple.com/', 'white space'],
  ['https://example.com/a\tb', 'white space'],
  ['https://example.com/\u0000', 'control character'],
  ['ftp://example.com/a', 'ftp:'],
  ['file:///etc/passwd', 'file:'],
  ['javascript:alert(1)', 'javascript:'],
  ['https://user:secret@example.com/', 'credentials'],
  ['https://user@example.com/', 'credentials'],
  ['https://./a', 'empty label'],
  ['https://example.com../a', 'empty label'],
  ['https://example..com/a', 'empty label'],
  ['https://.example.com/a', 'empty label'],
  [`https://example.com/${'a'.repeat(2048)}`, 'longer than 2048'],
];

describe('canonicalUrl', () => {
  it.each(same.flatMap(([canonical, ...others]) => [canonical, ...others].map((url) => [url, canonical])))(
    'writes %s as %s',
    (url, canonical) => {
      expect(canonicalUrl(url!)).toBe(canonical);
    },
  );

  it.each(different)('keeps %s apart from %s', (a, b) => {
    expect(canonicalUrl(a)).not.toBe(canonicalUrl(b));
  });

  it('is idempotent, and keeps every two of these apart', () => {
    const all = [...same.map(([canonical]) => canonical!), ...different.flat().map(canonicalUrl)];
    for (const url of all) expect(canonicalUrl(url)).toBe(url);
    expect(new Set(same.map(([canonical]) => canonical)).size).toBe(same.length);
  });

  it.each(invalid)('refuses %j: %s', (url, reason) => {
    expect(() => canonicalUrl(url)).toThrow(UrlInvalid);
    expect(() => canonicalUrl(url)).toThrow(reason);
  });

  it('never says what the credentials were', () => {
    expect(() => canonicalUrl('https://user:secret@example.com/')).not.toThrow(/secret|user/);
  });
});

describe('contentHash', () => {
  it('is the sha256 of the kind, a line feed and the canonical URL', () => {
    const hash = createHash('sha256').update(`video\n${video}`).digest('hex');
    expect(contentHash({ url: 'https://youtu.be/dQw4w9WgXcQ?t=3', kind: 'video' })).toBe(hash);
    expect(contentHash({ url: video, kind: 'audio' })).not.toBe(hash);
  });
});

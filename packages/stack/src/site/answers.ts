import { extname } from 'node:path';
import { type Body, bufferBody, endlessBody, paddedBody, paddedSegment } from './body.ts';
import { canaryManifests, endlessPlaylist, feed, selfPlaylist } from './manifests.ts';
import { addresses, failurePage, frontPage, plainPage, videoPage } from './pages.ts';

/** What the site answers to an address. */
export type Answer =
  | { readonly status: number; readonly type: string; readonly text: string; readonly location?: string }
  /** Without `ranges` a Range header is ignored. */
  | { readonly type: string; readonly body: Body; readonly ranges: boolean }
  | 'silence';

const html = 'text/html; charset=utf-8';
const types: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mp3': 'audio/mpeg',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mpd': 'application/dash+xml',
  '.xml': 'application/rss+xml',
  '.ts': 'video/mp2t',
};
const typeOf = (path: string): string => types[extname(path)] ?? 'application/octet-stream';

const failures: Readonly<Record<string, number>> = { '/forbidden': 403, '/gone': 410, '/broken': 500 };
/** Default sizes in MB (of 10^6 bytes) of what takes `?mb=`; undefined: the clip as it is. */
const padded: Readonly<Record<string, number | undefined>> = {
  '/padded.mp4': 5,
  '/limited.mp4': 50,
  '/rangeless.mp4': undefined,
};
const maxMb = 100_000;
const maxSegmentMb = 100;
const sampleFile =
  /^\/(hls\/(low|medium|high)\d*\.ts|hls\/(low|medium|high|master|ladder)\.m3u8|[a-z]+\.(mp4|webm|mp3))$/u;

/** The videos of `/watch?v=`; each other id shows the clip. */
const watchable = new Set(['aaa', 'bbb']);

interface Context {
  siteUrl: string;
  canaryUrl: string | undefined;
  /** The bytes of a sample file, by its address; undefined where there is none. */
  file: (path: string) => Buffer | undefined;
}

/** What the site says to each address; of a later edition, padded files and segments are as long and hold something else. */
export const createAnswers = ({
  siteUrl,
  canaryUrl,
  file,
}: Context): ((address: URL, edition?: number) => Answer) => {
  const text = (body: string, type = html): Answer => ({ status: 200, type, text: body });
  const refusal = (status: number, why = `Answers ${status}.`): Answer => ({
    ...{ status, type: html, text: failurePage(why) },
  });
  const redirect = (location: string): Answer => ({ status: 302, type: html, text: '', location });
  const notFound = refusal(404, 'Not found');
  const clip = (): Buffer => file('/clip.mp4') ?? Buffer.alloc(0);

  const paddedFile = (path: string, query: URLSearchParams, edition: number): Answer => {
    const mb = query.has('mb') ? Number(query.get('mb')) : padded[path];
    if (mb !== undefined && !(mb > 0 && mb <= maxMb)) return notFound;
    const body = mb === undefined ? bufferBody(clip()) : paddedBody(clip(), Math.round(mb * 1e6), edition);
    return { type: 'video/mp4', body, ranges: path !== '/rangeless.mp4' };
  };

  /** A playlist hands its query on to what is in it; a segment takes `?mb=` as well. */
  const sample = (path: string, bytes: Buffer, search: string, query: URLSearchParams, edition: number) => {
    if (path.endsWith('.m3u8') && search !== '')
      return text(bytes.toString().replace(/^[^#\n].*$/gmu, `$&${search}`), typeOf(path));
    const mb = Number(query.get('mb') ?? 0);
    const isPadded = path.endsWith('.ts') && mb >= 0 && mb <= maxSegmentMb && (mb > 0 || edition > 0);
    const body = isPadded
      ? paddedSegment(bytes, Math.max(mb * 1e6, bytes.length + 1), edition)
      : bufferBody(bytes);
    return { type: typeOf(path), body, ranges: true };
  };

  const watch = (id: string): Answer => {
    const video = watchable.has(id) ? `/${id}.mp4` : `/clip.mp4?v=${encodeURIComponent(id)}`;
    const pageUrl = `${siteUrl}/watch?v=${encodeURIComponent(id)}`;
    return text(videoPage(`Video ${id}`, pageUrl, `${siteUrl}${video}`));
  };

  const toCanary = (name: string): Answer => {
    if (canaryUrl === undefined) return notFound;
    if (name === 'redirect') return redirect(`${canaryUrl}/clip.mp4`);
    if (name === 'page')
      return text(videoPage('Elsewhere', `${siteUrl}/to-canary/page`, `${canaryUrl}/clip.mp4`));
    const manifest = canaryManifests(siteUrl, canaryUrl)[name];
    return manifest === undefined ? notFound : text(manifest, typeOf(name));
  };

  const fixed: Readonly<Record<string, () => Answer>> = {
    '/': () => text(frontPage(canaryUrl !== undefined)),
    '/page.html': () => text(plainPage()),
    '/watch/sample': () =>
      text(videoPage('Sample page: Überraschung', `${siteUrl}/watch/sample`, `${siteUrl}/clip.mp4`)),
    '/formats': () => text(videoPage('Three heights', `${siteUrl}/formats`, `${siteUrl}/hls/ladder.m3u8`)),
    '/feed.xml': () => text(feed(siteUrl), typeOf('.xml')),
    '/hls/endless.m3u8': () => text(endlessPlaylist(), typeOf('.m3u8')),
    '/hls/self.m3u8': () => text(selfPlaylist, typeOf('.m3u8')),
    '/endless.mp4': () => ({ type: 'video/mp4', body: endlessBody(clip()), ranges: false }),
    '/silent-forever': () => 'silence',
  };

  return ({ pathname: path, search, searchParams }, edition = 0) => {
    const known = Object.hasOwn(fixed, path) ? fixed[path] : undefined;
    if (known) return known();
    const failure = failures[path];
    if (failure !== undefined) return refusal(failure, addresses[path]);
    if (Object.hasOwn(padded, path)) return paddedFile(path, searchParams, edition);
    const id = searchParams.get('v');
    if (path === '/watch' && id) return watch(id);
    const [, first, rest = ''] = /^\/(short|status|to-canary)\/(.+)$/u.exec(path) ?? [];
    if (first === 'short') return redirect(`/${rest.replace(/^\/+/u, '')}${search}`);
    if (first === 'to-canary') return toCanary(rest);
    if (first === 'status' && /^[2-5]\d\d$/u.test(rest)) return refusal(Number(rest));
    const bytes = sampleFile.test(path) ? file(path) : undefined;
    return bytes ? sample(path, bytes, search, searchParams, edition) : notFound;
  };
};

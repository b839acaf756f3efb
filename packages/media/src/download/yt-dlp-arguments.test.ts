import { describe, expect, it } from 'vitest';
import { ytDlpArguments } from './yt-dlp-arguments.ts';

const request = { url: '--exec=x', kind: 'video', ffmpegPath: '/opt/ff/ffmpeg', socketTimeoutS: 7 } as const;

describe('ytDlpArguments', () => {
  it('ends with the URL after --, so that none is an option', () => {
    expect(ytDlpArguments(request).slice(-2)).toEqual(['--', '--exec=x']);
  });

  it('shuts out configuration, plug-ins, commands, cookies, playlists and live streams', () => {
    const line = ytDlpArguments(request).join(' ');
    for (const part of [
      ...['--ignore-config', '--no-plugin-dirs', '--no-exec', '--no-cookies-from-browser', '--no-playlist'],
      ...[
        '-I 1',
        '--max-downloads 1',
        '--match-filters !is_live',
        '--socket-timeout 7',
        '--restrict-filenames',
      ],
      '--ffmpeg-location /opt/ff',
    ])
      expect(line).toContain(` ${part}`.trimStart());
    for (const part of ['--enable-file-urls', '--netrc', '--write-link', 'aria2c', 'curl', '--proxy'])
      expect(line).not.toContain(part);
  });

  it('sends its traffic through the proxy that it is given', () => {
    const args = ytDlpArguments({ ...request, proxyUrl: 'http://127.0.0.1:3128' });
    expect(args[args.indexOf('--proxy') + 1]).toBe('http://127.0.0.1:3128');
  });
});

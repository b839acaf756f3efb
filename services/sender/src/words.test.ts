import { failureCodes } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import { failureText, neverCommand, statusText } from './words.ts';

describe('failureText', () => {
  it.each(failureCodes)('says %s in a sentence of its own, with the short id', (code) => {
    const text = failureText(code, {}, '0a1b2c3d-0000-8000-8000-000000000000');
    expect(text).toMatch(/^[A-Z“].*[.] \(id 0a1b2c3d\)$/u);
    const others = failureCodes.filter((other) => other !== code);
    for (const other of others) expect(failureText(other, {}, '0a1b2c3d-')).not.toBe(text);
  });

  it('names what was typed and the limit that was hit', () => {
    expect(failureText('url_invalid', { subject: 'hello' }, '12345678')).toContain('“hello”');
    expect(failureText('too_large', { limit: 2_000_000_000 }, '12345678')).toContain('2.0 GB');
    expect(failureText('large_unavailable', { limit: 5e7 }, '12345678')).toContain('50.0 MB');
    expect(failureText('large_unavailable', {}, '12345678')).toContain('too long');
    expect(failureText('playlist', { count: 12 }, '12345678')).toMatch(/ of 12 entries\. .*\.vdl <link> #2/u);
    expect(failureText('duration_invalid', { subject: '5 parsecs' }, '12345678')).toMatch(
      /^“5 parsecs” .* 1h30m/u,
    );
    expect(failureText('user_unknown', { subject: '@nobody' }, '12345678')).toMatch(/^“@nobody” /u);
    expect(failureText('playlist', { count: 1 }, '12345678')).toContain(' of 1 entry. ');
  });

  it.each([
    [45, '45 seconds'],
    [60, '1 minute.'],
    [3600, '60 minutes'],
    [7200, '120 minutes'],
    [9000, '2.5 hours'],
    [14_400, '4 hours'],
  ])('says a limit of %i s as %s', (limit, words) => {
    expect(failureText('too_long', { limit }, '12345678')).toContain(words);
  });
});

describe('failureText of a rate limit', () => {
  it.each([
    [0.2, 'in 1 second.'],
    [45, 'in 45 seconds.'],
    [90, 'in 2 minutes.'],
    [121, 'in 3 minutes.'],
    [7201, 'in 3 hours.'],
  ])('sends whoever has %d s left away for no less', (limit, words) => {
    expect(failureText('rate_limited', { limit }, '12345678')).toContain(words);
  });
});

describe('failureText of a source that is asked too often', () => {
  it('says when to try again, where the source does', () => {
    const said = (retryAfterS: number) => failureText('source_rate_limited', { retryAfterS }, '12345678');
    expect(said(45)).toContain('Try again in 45 seconds.');
    expect(failureText('source_rate_limited', {}, '12345678')).toContain('Try again later.');
  });
});

describe('statusText', () => {
  it.each<[Parameters<typeof statusText>[0], string]>([
    [{ phase: 'queued' }, '… queued'],
    [{ phase: 'queued', position: 1 }, '… queued, next in line'],
    [{ phase: 'queued', position: 2 }, '… queued, 2nd in line'],
    [{ phase: 'queued', position: 3 }, '… queued, 3rd in line'],
    [{ phase: 'queued', position: 4 }, '… queued, 4th in line'],
    [{ phase: 'queued', position: 12 }, '… queued, 12th in line'],
    [{ phase: 'queued', position: 121 }, '… queued, 121st in line'],
    [{ phase: 'waiting', retryInS: 80 }, '… that did not work yet; trying again in 80 seconds'],
    [{ phase: 'waiting' }, '… that did not work yet; trying again later'],
    [
      { phase: 'waiting', waitingFor: 'update' },
      '… waiting: the site has changed, and I need an update to read it',
    ],
    [{ phase: 'queued', position: 1, waitingFor: 'disk' }, '… waiting: the disk is full here'],
    [{ phase: 'probing' }, '… looking at the link'],
    [{ phase: 'downloading', bytes: 3_140_000 }, '… downloading 3.1 MB'],
    [
      { phase: 'downloading', bytes: 3_140_000, totalBytes: 1e7, bytesPerSecond: 1.2e6, etaS: 5.7 },
      '… downloading ▰▰▰▱▱▱▱▱▱▱ 31 % of 10.0 MB, 1.2 MB/s, 6 s left',
    ],
    [{ phase: 'converting' }, '… converting'],
    [{ phase: 'converting', bytes: 0, totalBytes: 1e7 }, '… converting ▱▱▱▱▱▱▱▱▱▱ 0 % of 10.0 MB'],
    [{ phase: 'storing' }, '… storing'],
    [{ phase: 'uploading', bytes: 1e7, totalBytes: 1e7 }, '… uploading ▰▰▰▰▰▰▰▰▰▰ 100 % of 10.0 MB'],
  ])('says %j as %s', (step, text) => expect(statusText(step)).toBe(text));

  it('never shows more than all of it', () => {
    expect(statusText({ phase: 'uploading', bytes: 11, totalBytes: 10 })).toContain('100 %');
  });
});

describe('neverCommand', () => {
  // Telegram strips what cannot be seen off the beginning of a text.
  it.each([
    ['.vdl http://a.example'],
    ['  .adl x'],
    ['\n.whoami'],
    ['\u200b.vdl x'],
    ['\u202e \u2060.vdl x'],
    ['\u0000.vdl x'],
    ['\u3164.vdl x'],
  ])('disarms %j', (text) => {
    expect(neverCommand(text)).not.toContain('.vdl');
    expect(neverCommand(text)).not.toMatch(/^\s*\./u);
    expect(neverCommand(text)).toHaveLength(text.length);
  });

  it('leaves every other text alone', () => {
    expect(neverCommand('a .vdl b')).toBe('a .vdl b');
  });
});

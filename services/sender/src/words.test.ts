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
    expect(failureText('too_long', { limit: 3600 }, '12345678')).toContain('60 minutes');
  });
});

describe('statusText', () => {
  it('shows what is known of a step and nothing else', () => {
    expect(statusText({ phase: 'queued' })).toBe('… queued');
    expect(statusText({ phase: 'downloading', bytes: 3_140_000 })).toBe('… downloading 3.1 MB');
    expect(
      statusText({
        phase: 'downloading',
        bytes: 3_140_000,
        totalBytes: 1e7,
        bytesPerSecond: 1.2e6,
        etaS: 5.7,
      }),
    ).toBe('… downloading 31 % of 10.0 MB, 1.2 MB/s, 6 s left');
  });

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

import { commandSteps, type LogRecord } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import { duration, plainText, stepSentence } from './step-sentence.ts';

const record = (step: string, more: Record<string, unknown> = {}): LogRecord => ({
  ...{ time: 0, level: 'info', service: 'media-pirate', step },
  ...more,
});

describe('stepSentence', () => {
  it.each<[step: string, more: Record<string, unknown>, sentence: string | null]>([
    ['received', { userName: 'alice' }, 'received from alice'],
    ['received', {}, 'received'],
    ['refused', { userName: 'mallory' }, 'refused: mallory may not use commands'],
    ['asked', { url: 'https://example.com' }, null],
    ['known', {}, 'found in the store, nothing to download'],
    ['queued', { position: 1 }, 'queued, 1st in line'],
    ['queued', { position: 12 }, 'queued, 12th in line'],
    ['queued', { position: 23 }, 'queued, 23rd in line'],
    ['queued', {}, 'queued'],
    ['joined', { leader: 'someone' }, 'joined a download that others wait for'],
    ['probing', {}, 'looking at the link'],
    ['downloading', { sizeBytes: 1_500_000_000 }, 'downloading, 1.5 GB'],
    ['downloading', {}, 'downloading'],
    ['merged', { leader: 'x' }, 'turned out to be the same as another download, and joined it'],
    ['converting', {}, 'converting'],
    ['stored', { sizeBytes: 12_300_000 }, 'stored, 12.3 MB'],
    ['stored', { sizeBytes: 1001 }, 'stored, 2 KB'],
    ['handed_on', {}, 'handed on to the large downloads'],
    ['handed_on', { code: 'too_large' }, 'handed on to the large downloads: too large'],
    ['failed', { code: 'login_required' }, 'failed: login required'],
    ['failed', {}, 'failed'],
    ['trying_again', { delayMs: 90_000, reason: 'source_slow' }, 'trying again in 1 min 30 s: source slow'],
    ['trying_again', {}, 'trying again'],
    ['withdrawn', {}, 'withdrawn'],
    ['uploading', { sizeBytes: 12_300_000 }, 'uploading, 12.3 MB'],
    ['uploading', { reused: true }, 'sending what Telegram has already'],
    ['answered', { messageIds: [4] }, 'answered'],
    ['answered', { messageIds: [4], code: 'cancelled' }, 'answered: cancelled'],
    ['a step that nobody knows', {}, null],
    ['toString', {}, null],
  ])('%s %j → %s', (step, more, sentence) => expect(stepSentence(record(step, more))).toBe(sentence));

  it.each(commandSteps)('does not fail where the fields of %s are of other types', (step) => {
    const fields = ['userName', 'position', 'sizeBytes', 'code', 'delayMs', 'reason', 'reused'];
    expect(() =>
      stepSentence(record(step, Object.fromEntries(fields.map((name) => [name, { not: 'that' }])))),
    ).not.toThrow();
  });
});

describe('plainText', () => {
  it('is one line, whatever it was', () => {
    expect(plainText(' a\n12:00:00  answered\u202e\u2066b\ud800 ')).toBe('a 12:00:00 answered b');
    expect(plainText('\n')).toBeUndefined();
    expect(plainText(7)).toBeUndefined();
  });

  it('is cut, never inside a character', () => {
    expect(plainText('12345', 5)).toBe('12345');
    expect(plainText('123456', 5)).toBe('1234…');
    expect(plainText('123😀56', 5)).toBe('123…');
  });
});

describe('duration', () => {
  it.each<[ms: number, text: string]>([
    [0, '0.0 s'],
    [3249, '3.2 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min 00 s'],
    [3_599_400, '59 min 59 s'],
    [3_599_600, '1 h 00 min'],
    [7_500_000, '2 h 05 min'],
  ])('%d ms → %s', (ms, text) => expect(duration(ms)).toBe(text));
});

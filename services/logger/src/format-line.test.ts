import type { LogRecord } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import { formatLine, formatTime } from './format-line.ts';

const noon = new Date(2026, 10, 21, 12, 0, 1, 234).getTime();
const plain = { colour: false, showCorrelation: true, now: noon };
const record = (more: Record<string, unknown> = {}): LogRecord => ({
  time: noon,
  level: 'info',
  service: 'gateway',
  msg: 'published',
  ...more,
});

describe('formatTime', () => {
  it('shows the date only where it is not today', () => {
    expect(formatTime(noon, noon)).toBe('12:00:01.234');
    expect(formatTime(noon, noon + 86_400_000)).toBe('2026-11-21 12:00:01.234');
  });
});

describe('formatLine', () => {
  it('shows time, service, level, message and fields', () => {
    const line = formatLine(
      record({ instance: 'a', correlationId: '01234567-89', n: 1, text: 'two words', list: [1], none: null }),
      plain,
    );
    expect(line).toBe(
      '12:00:01.234 gateway      INFO  published  correlation=01234567 n=1 text="two words" list=[1] none=null',
    );
  });

  it('leaves the correlation id out where all lines share it', () => {
    expect(formatLine(record({ correlationId: '01234567-89' }), { ...plain, showCorrelation: false })).toBe(
      '12:00:01.234 gateway      INFO  published',
    );
  });

  it('puts an error with its causes under the line', () => {
    const err = {
      type: 'TypeError',
      message: 'no',
      stack: 'TypeError: no\n    at one (file:1)\n    at two (file:2)',
      cause: { type: 'Error', message: 'because' },
    };
    expect(formatLine(record({ level: 'error', err }), plain).split('\n')).toEqual([
      '12:00:01.234 gateway      ERROR published',
      '    TypeError: no',
      '      at one (file:1)',
      '      at two (file:2)',
      '    caused by Error: because',
    ]);
  });

  it('lets no control character through to the terminal', () => {
    const line = formatLine(
      record({ msg: 'a\u001b[2Jb\nc\u007f', x: '\u001b]0;t\u0007', err: { message: '\u001bc' } }),
      plain,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(line.replaceAll('\n    ', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(line).toContain('a\\u001b[2Jb\\nc\\u007f');
  });

  it('colours where asked to', () => {
    expect(formatLine(record(), { ...plain, colour: true })).toContain('\u001b[32mINFO');
  });
});

import type { LogRecord } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import { tellStory } from './story.ts';

const noon = Date.UTC(2026, 10, 21, 12, 0, 1);
const mine = 'abcd1234-0000-8000-8000-000000000001';
const theirs = 'beef0000-0000-8000-8000-000000000002';
const others = 'cafe0000-0000-8000-8000-000000000003';

type Line = [ms: number, step: string, more?: Record<string, unknown>];

const record = ([ms, step, more]: Line): LogRecord => ({
  ...{ time: noon + ms, level: 'info', service: 'media-pirate', step },
  ...more,
});
const trouble = (ms: number, msg: string): LogRecord => ({
  ...{ time: noon + ms, level: 'warn', service: 'media-pirate', msg },
});

/** The story as the log of those commands tells it. */
const told = (log: Record<string, Line[]>, troubles: LogRecord[] = [], now = noon + 60_000) =>
  tellStory(
    mine,
    {
      steps: (id) => (log[id] ?? []).map(record),
      troubles: (id, limit) => (id === mine ? troubles.slice(0, limit) : [trouble(0, `of ${id}`)]),
    },
    now,
  );
/** Only the lines of the steps, without their times. */
const stepsOf = (text: string | undefined) =>
  text
    ?.split('\n')
    .slice(1, -1)
    .map((line) => line.split('  ').at(-1));

const received: Line = [0, 'received', { word: 'vdl', userName: 'alice' }];
const asked: Line = [10, 'asked', { url: 'https://example.com/watch?v=1', kind: 'video' }];

describe('tellStory', () => {
  it('tells each step with its time', () => {
    const text = told({
      [mine]: [
        received,
        asked,
        [100, 'queued', { position: 3 }],
        [3000, 'downloading'],
        [8100, 'converting'],
        [9400, 'stored', { sizeBytes: 12_300_000 }],
        [10_000, 'uploading', { sizeBytes: 12_300_000 }],
        [12_000, 'answered', { messageIds: [5] }],
      ],
    });
    expect(text).toBe(
      [
        'abcd1234, .vdl https://example.com/watch?v=1',
        '12:00:01  received from alice',
        '12:00:01  +0.1 s  queued, 3rd in line',
        '12:00:04  +3.0 s  downloading',
        '12:00:09  +8.1 s  converting',
        '12:00:10  +9.4 s  stored, 12.3 MB',
        '12:00:11  +10.0 s  uploading, 12.3 MB',
        '12:00:13  +12.0 s  answered',
        'Times are UTC.',
      ].join('\n'),
    );
  });

  it('is undefined where nothing is known', () => {
    expect(told({})).toBeUndefined();
    expect(told({ [mine]: [[0, 'a step of another time']] })).toBeUndefined();
  });

  it('says the day where it is not today', () => {
    const text = told({ [mine]: [received, [12 * 3_600_000, 'answered']] }, [], noon + 86_400_000 / 2 + 1);
    expect(text).toContain('\n2026-11-21 12:00:01  received from alice\n00:00:01  +12 h 00 min  answered\n');
  });

  it('counts from the arrival of the command, which is before the gateway’s line', () => {
    const text = told({
      [mine]: [
        [50, 'probing'],
        [70, 'received', { word: 'vdl', dispatchMs: 70 }],
      ],
    });
    expect(text).toContain('12:00:01  received\n12:00:01  +0.1 s  looking at the link\n');
  });

  it.each<[name: string, asked: Record<string, unknown>, title: string]>([
    ['a quality', { url: 'https://a.b/', quality: '720p' }, 'abcd1234, .vdl https://a.b/ 720p'],
    ['an entry', { url: 'https://a.b/', item: 3, format: 'opus' }, 'abcd1234, .vdl https://a.b/ #3 opus'],
    ['no URL', {}, 'abcd1234, .vdl'],
  ])('names the command with %s', (_, more, title) => {
    expect(told({ [mine]: [received, [1, 'asked', more]] })?.split('\n')[0]).toBe(title);
  });

  it('never begins with a dot', () => {
    expect(told({ [mine]: [[0, 'received', { word: 'vdl' }]] })).toMatch(/^abcd1234, \.vdl\n/);
    expect(told({ [mine]: [[0, 'probing']] })).toMatch(/^abcd1234\n/);
  });

  it.each<[name: string, lines: Line[], steps: string[]]>([
    [
      'a step that was taken again',
      [
        [1, 'probing'],
        [2, 'probing'],
        [3, 'answered'],
        [4, 'answered'],
      ],
      ['looking at the link', 'answered'],
    ],
    [
      'a batch that was stored twice',
      [
        [1, 'probing'],
        [1, 'downloading'],
        [1, 'probing'],
        [1, 'downloading'],
      ],
      ['looking at the link', 'downloading'],
    ],
  ])('shows once %s', (_, lines, steps) => expect(stepsOf(told({ [mine]: lines }))).toEqual(steps));

  it('shows again what comes again after something else', () => {
    const lines: Line[] = [
      [1, 'downloading'],
      [2, 'trying_again', { delayMs: 5000, reason: 'source_slow' }],
      [5002, 'downloading'],
      [6000, 'failed', { code: 'not_found' }],
      [6100, 'answered', { code: 'not_found' }],
    ];
    expect(stepsOf(told({ [mine]: lines }))).toEqual([
      'downloading',
      'trying again in 5.0 s: source slow',
      'downloading',
      'failed: not found',
      'answered: not found',
    ]);
  });

  it('tells who joined a download what became of it, and nothing of the others', () => {
    const text = told({
      [mine]: [received, asked, [1000, 'joined', { leader: theirs }], [9000, 'answered']],
      [theirs]: [
        [-5000, 'received', { word: 'vdl', userName: 'bob' }],
        [-4000, 'queued', { position: 1 }],
        [-3000, 'probing'],
        [2000, 'downloading'],
        [3000, 'withdrawn'],
        [4000, 'answered', { code: 'cancelled' }],
        [5000, 'stored', { sizeBytes: 1_000_000 }],
        [9500, 'stored', { sizeBytes: 2_000_000 }],
      ],
    });
    expect(stepsOf(text)).toEqual([
      'received from alice',
      'joined a download that others wait for',
      'downloading',
      'stored, 1.0 MB',
      'answered',
    ]);
    expect(text).not.toMatch(/beef|bob/);
  });

  it('tells who waits in line for what another asked for first', () => {
    const text = told({
      [mine]: [received, [1000, 'queued', { position: 2, leader: theirs }], [9000, 'answered']],
      [theirs]: [
        [500, 'queued', { position: 2, leader: theirs }],
        [2000, 'downloading'],
      ],
    });
    expect(stepsOf(text)).toEqual(['received from alice', 'queued, 2nd in line', 'downloading', 'answered']);
  });

  it('follows a download into another, each from when it was joined', () => {
    const text = told({
      [mine]: [received, [1000, 'joined', { leader: theirs }]],
      [theirs]: [
        [1500, 'probing'],
        [2000, 'merged', { leader: others }],
      ],
      [others]: [
        [1900, 'probing'],
        [2500, 'downloading'],
        [3000, 'merged', { leader: mine }],
      ],
    });
    expect(stepsOf(text)).toEqual([
      'received from alice',
      'joined a download that others wait for',
      'looking at the link',
      'turned out to be the same as another download, and joined it',
      'downloading',
      'turned out to be the same as another download, and joined it',
    ]);
  });

  it('leaves out what a download did for others after the command was withdrawn', () => {
    const lines: Line[] = [
      received,
      [1000, 'downloading'],
      [2000, 'withdrawn'],
      [2100, 'answered', { code: 'cancelled' }],
      [9000, 'converting'],
      [9500, 'stored'],
    ];
    expect(stepsOf(told({ [mine]: lines }))).toEqual([
      'received from alice',
      'downloading',
      'withdrawn',
      'answered: cancelled',
    ]);
  });

  it('shows the first five troubles among the steps, of the command itself', () => {
    const troubles = Array.from({ length: 7 }, (_, n) => trouble(500 + n, `no ${n}`));
    const text = told(
      { [mine]: [received, [400, 'joined', { leader: theirs }], [1000, 'answered']] },
      troubles,
    );
    expect(stepsOf(text)).toEqual([
      'received from alice',
      'joined a download that others wait for',
      ...[0, 1, 2, 3, 4].map((n) => `trouble: no ${n}`),
      'answered',
    ]);
  });

  it('lets nobody write lines of their own into it', () => {
    const text = told({ [mine]: [[0, 'received', { word: 'vdl', userName: 'x\n12:00:02  answered' }]] });
    expect(text?.split('\n')).toHaveLength(3);
  });

  it('cuts a long story after its first step, and says so', () => {
    const lines: Line[] = Array.from({ length: 500 }, (_, n) => [
      n * 1000,
      n % 2 === 0 ? 'probing' : 'downloading',
    ]);
    const url = `https://example.com/${'x'.repeat(4000)}`;
    const text = told({
      [mine]: [received, [0, 'asked', { url }], ...lines, [500_000, 'stored', { sizeBytes: 1 }]],
    });
    const shown = text?.split('\n') ?? [];
    expect(text?.length).toBeLessThanOrEqual(4096);
    expect(text?.length).toBeGreaterThan(4000);
    expect(shown[1]).toBe('12:00:01  received from alice');
    expect(shown[2]).toBe('…');
    expect(shown.slice(-2)).toEqual(['12:08:21  +8 min 20 s  stored, 1 KB', 'Times are UTC.']);
    expect(shown.indexOf('…', 3)).toBe(-1);
  });
});

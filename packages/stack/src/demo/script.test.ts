import { describe, expect, it } from 'vitest';
import { parseScript, ScriptInvalid } from './script.ts';

const parse = (source: string) => parseScript(source, 'http://127.0.0.1:1');

describe('parseScript', () => {
  it('reads who says what where, and fills in the site', () => {
    expect(parse('film-club alice .vdl {site}/a?x={site}')).toEqual([
      {
        kind: 'says',
        chat: 'film-club',
        user: 'alice',
        text: '.vdl http://127.0.0.1:1/a?x=http://127.0.0.1:1',
      },
    ]);
  });

  it('reads topics, replies and waits, and passes over comments and empty lines', () => {
    expect(parse('# talk\n\ncinema/Trailers bob look\r\nwait 1.5\ncinema/Trailers bob reply:1 .vdl')).toEqual(
      [
        { kind: 'says', chat: 'cinema', topic: 'Trailers', user: 'bob', text: 'look' },
        { kind: 'wait', seconds: 1.5 },
        {
          ...{ kind: 'says', chat: 'cinema', topic: 'Trailers', user: 'bob', text: '.vdl' },
          replyTo: { step: 1, part: 'message' },
        },
      ],
    );
  });

  it('reads replies to answers, and what is not waited for', () => {
    expect(parse('a b .vdl x &\na b answer:1 .why this & that')).toEqual([
      { kind: 'says', chat: 'a', user: 'b', text: '.vdl x', meanwhile: true },
      {
        ...{ kind: 'says', chat: 'a', user: 'b', text: '.why this & that' },
        replyTo: { step: 1, part: 'answer' },
      },
    ]);
  });

  it.each([
    ['alice', 'line 1'],
    ['a b c\nwait soon', 'line 2: wait takes'],
    ['a b reply:1 c', 'line 1: reply:1 names no step'],
    ['a b c\na b reply:0 c', 'line 2: reply:0 names no step'],
    ['a b answer:2 c', 'line 1: answer:2 names no step'],
  ])('names the line of %j', (source, message) => {
    expect(() => parse(source)).toThrow(ScriptInvalid);
    expect(() => parse(source)).toThrow(message);
  });
});

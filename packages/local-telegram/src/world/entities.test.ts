import { describe, expect, it } from 'vitest';
import { completeEntities, type WorldEntity } from './entities.ts';

const found = (text: string, given: WorldEntity[] = []): string[] =>
  completeEntities(text, given).map(
    ({ type, offset, length }) => `${type}:${text.slice(offset, offset + length)}`,
  );

describe('completeEntities', () => {
  it.each([
    ['.vdl http://127.0.0.1:8080/a.mp4', ['url:http://127.0.0.1:8080/a.mp4']],
    ['see https://example.com/a?b=c#d, and more', ['url:https://example.com/a?b=c#d']],
    ['(https://example.com/a_(b)) yes', ['url:https://example.com/a_(b)']],
    ['youtu.be/abc or example.com.', ['url:youtu.be/abc', 'url:example.com']],
    ['.vdl file.mp4 is no link, nor is 1.5', []],
    ['🎬 http://a.example/x', ['url:http://a.example/x']],
    ['mail a.b@example.com', ['email:a.b@example.com']],
    ['@alice likes #films, type /start', ['mention:@alice', 'hashtag:#films', 'bot_command:/start']],
  ])('finds in "%s"', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it('counts in UTF-16 units', () => {
    expect(completeEntities('🎬 http://a.example')[0]).toMatchObject({ offset: 3, length: 16 });
  });

  it('leaves alone what the client marked as code or as a link', () => {
    const code: WorldEntity = { type: 'code', offset: 0, length: 18 };
    expect(found('http://a.example/x', [code])).toEqual(['code:http://a.example/x']);
    const bold: WorldEntity = { type: 'bold', offset: 0, length: 18 };
    expect(found('http://a.example/x', [bold])).toEqual([
      'bold:http://a.example/x',
      'url:http://a.example/x',
    ]);
  });
});

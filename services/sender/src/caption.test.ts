import { describe, expect, it } from 'vitest';
import { caption } from './caption.ts';

const media = (title: string, sourceUrl = 'https://example.com/v?id=1') => ({
  title,
  sourceUrl,
  durationS: 1,
});

describe('caption', () => {
  it('is the title in bold above the source', () => {
    expect(caption(media('A film'))).toEqual({
      text: 'A film\nhttps://example.com/v?id=1',
      entities: [{ type: 'bold', offset: 0, length: 6 }],
    });
  });

  it('is the source alone where there is no title', () => {
    expect(caption(media('  '))).toEqual({ text: 'https://example.com/v?id=1', entities: [] });
  });

  it('never begins like a command', () => {
    expect(caption(media('.vdl https://example.com/again')).text).not.toMatch(/^\s*\./u);
    expect(caption(media('', '.vdl https://example.com/again')).text).not.toMatch(/^\s*\./u);
  });

  it('cuts a long title outside surrogate pairs', () => {
    const { text } = caption(media(`${'a'.repeat(298)}😀😀`));
    const [title = ''] = text.split('\n');
    expect(title).toBe(`${'a'.repeat(298)}…`);
  });

  it('hides a source that does not fit behind its host, within the limit', () => {
    const sourceUrl = `https://example.com/${'x'.repeat(2000)}`;
    const { text, entities } = caption(media('t', sourceUrl));
    expect(text).toBe('t\nexample.com');
    expect(entities.at(-1)).toEqual({ type: 'text_link', offset: 2, length: 11, url: sourceUrl });
  });
});

import { describe, expect, it } from 'vitest';
import { nestEntities } from './nest-entities.ts';

const entity = (type: string, offset: number, length: number) => ({ type, offset, length });

describe('nestEntities', () => {
  it('cuts what crosses another in two', () =>
    expect(nestEntities('abcdef', [entity('italic', 2, 4), entity('bold', 0, 4)])).toEqual([
      entity('bold', 0, 4),
      entity('italic', 2, 2),
      entity('italic', 4, 2),
    ]));

  it('makes one of what is the same twice', () =>
    expect(nestEntities('abcdef', [entity('bold', 0, 4), entity('bold', 2, 4)])).toEqual([
      entity('bold', 0, 6),
    ]));

  it('lets nothing into code, and code into everything but links', () =>
    expect(
      nestEntities('abcdef', [
        entity('blockquote', 0, 6),
        entity('pre', 1, 3),
        entity('bold', 0, 6),
        entity('code', 2, 1),
        { ...entity('text_link', 4, 2), url: 'http://a.test' },
        entity('code', 4, 1),
      ]),
    ).toEqual([
      entity('blockquote', 0, 6),
      entity('bold', 0, 1),
      entity('pre', 1, 3),
      { ...entity('text_link', 4, 2), url: 'http://a.test' },
      entity('bold', 4, 2),
    ]));

  it('keeps to the text and to whole characters', () =>
    expect(
      nestEntities('a😀b', [
        entity('bold', -1, 3),
        entity('italic', 2, 9),
        entity('code', 9, 1),
        entity('code', 1, 0),
      ]),
    ).toEqual([entity('bold', 0, 3), entity('italic', 1, 2), entity('italic', 3, 1)]));
});

import { describe, expect, it } from 'vitest';
import { typedAt } from './typed-at.ts';

describe('typedAt', () => {
  it.each<[name: string, message: Parameters<typeof typedAt>[0], at: number | null]>([
    ['a new message', { date: 100, edited: false }, 100],
    ['an edit at once', { date: 100, edited: true, editDate: 100 }, 100],
    ['an edit in the last second', { date: 100, edited: true, editDate: 160 }, 160],
    ['an edit after that', { date: 100, edited: true, editDate: 161 }, null],
    ['a reaction, told as an edit without a date', { date: 100, edited: true }, null],
  ])('%s', (_, message, at) => expect(typedAt(message)).toBe(at));
});

import { describe, expect, it } from 'vitest';
import { idOfAnswer, idsInText } from './id-in-text.ts';

const whole = 'abcd1234-5678-8abc-9def-0123456789ab';

describe('idsInText', () => {
  it.each<[text: string, ids: string[]]>([
    ['.why abcd1234', ['abcd1234']],
    ['.why ABCD12', ['abcd12']],
    ['.why (id abcd1234)', ['abcd1234']],
    ['.why did that fail, “abcd1234”?', ['abcd1234']],
    [`.why ${whole}`, [whole]],
    [`.why ${whole.replaceAll('-', '')}`, [whole]],
    ['.why abcd1234-56', ['abcd1234-56']],
    ['.why abcd1234-', ['abcd1234']],
    ['.why abcd1234 then 123456', ['abcd1234', '123456']],
    ['.why', []],
    ['.why abcd1', []],
    ['.why abcd123g', []],
    ['.why https://example.com/abcd1234?v=abcd1234', []],
    [`.why ${'abcd1234 '.repeat(1000)}`, Array(5).fill('abcd1234')],
  ])('%s → %j', (text, ids) => expect(idsInText(text)).toEqual(ids));

  it('takes linear time', () => {
    const startedAt = performance.now();
    idsInText(`.why ${`${'a'.repeat(34)}--x `.repeat(400)}`);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('idOfAnswer', () => {
  it('takes the id at the end, whatever stands before', () => {
    expect(idOfAnswer('“(id 00000000)” is not a link. (id abcd1234)')).toBe('abcd1234');
    expect(idOfAnswer('see (id abcd1234) for more')).toBeUndefined();
  });
});

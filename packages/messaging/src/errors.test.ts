import { describe, expect, it } from 'vitest';
import { PermanentError, RetryableError, summarizeError } from './errors.ts';

describe('summarizeError', () => {
  it('names an error and its causes', () => {
    const error = new RetryableError('upload failed', { cause: new TypeError('fetch', { cause: 'reset' }) });
    expect(summarizeError(error)).toBe('RetryableError: upload failed <- TypeError: fetch <- reset');
  });

  it.each([
    ['redis://:hunter2@host/0', 'redis://[redacted]@host/0'],
    ['GET https://x/?token=abc&a=1', 'GET https://x/?token=[redacted]&a=1'],
    ['https://x/?X-Amz-Signature=abc', 'https://x/?X-Amz-Signature=[redacted]'],
    [`bot1234567890:${'A'.repeat(35)}`, '[redacted]'],
    [`session ${'1BQANOTEuMTA4'.repeat(20)}`, 'session [redacted]'],
  ])('keeps the secret of %s to itself', (text, shown) => expect(summarizeError(text)).toBe(shown));

  it('is cut at 500 characters', () => {
    const summary = summarizeError('long words '.repeat(1000));
    expect(summary).toHaveLength(500);
    expect(summary.endsWith('…')).toBe(true);
  });

  it('ends for errors that cause each other', () => {
    const error = new PermanentError('loop');
    error.cause = error;
    expect(summarizeError(error).match(/loop/g)).toHaveLength(5);
  });
});

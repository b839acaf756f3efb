import { describe, expect, it } from 'vitest';
import { release } from './release.ts';

describe('release', () => {
  it('frees a large buffer, and nothing that others may look at', () => {
    const large = Buffer.allocUnsafeSlow(512 * 1024);
    release(large);
    expect(large.byteLength).toBe(0);
    const [part, small] = [Buffer.allocUnsafeSlow(512 * 1024).subarray(8), Buffer.from('small')];
    release(part);
    release(small);
    expect(part.byteLength).toBe(512 * 1024 - 8);
    expect(small.toString()).toBe('small');
  });
});

import { describe, expect, it } from 'vitest';
import { compareVersions } from './version.ts';

describe('compareVersions', () => {
  it.each([
    ['2026.07.04', '2026.7.4', 0],
    ['2026.07.04', '2026.06.30', 1],
    ['2025.12.31', '2026.01.01', -1],
    ['2026.07.04.1', '2026.07.04', 1],
    ['2026.10.01', '2026.9.30', 1],
  ])('puts %s beside %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});

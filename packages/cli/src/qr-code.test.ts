import { encode } from 'uqr';
import { describe, expect, it } from 'vitest';
import { qrCode } from './qr-code.ts';

const white = '\u001b[38;5;231;48;5;16m';
const plain = '\u001b[0m';

describe('qrCode', () => {
  it('draws light modules in the colour of writing, and dark ones in that of the paper', () => {
    const text = 'tg://login?token=AQFsb2NhbC10b2tlbi1vZi0zMi1ieXRlcy1hdC1sZWFzdA';
    const { data, size } = encode(text, { border: 2 });
    const drawn = qrCode(text).flatMap((line) => {
      expect(line.startsWith(white) && line.endsWith(plain)).toBe(true);
      const cells = line.slice(white.length, -plain.length);
      const upper = [...cells].map((cell) => cell === ' ' || cell === '▄');
      const lower = [...cells].map((cell) => cell === ' ' || cell === '▀');
      return [upper, lower];
    });
    expect(drawn.slice(0, size)).toEqual(data);
  });
});

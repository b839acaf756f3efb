/** Words are little-endian throughout, as the platform has them: byte 0 of a column is the lowest of its word. */

const substitute = new Uint8Array(256);
const restore = new Uint8Array(256);
/** The inverse of substitution and column mixing for the four bytes of a column, as one look-up each. */
const unmix0 = new Int32Array(256);
const unmix1 = new Int32Array(256);
const unmix2 = new Int32Array(256);
const unmix3 = new Int32Array(256);

/** Multiplication in GF(2⁸) modulo x⁸ + x⁴ + x³ + x + 1. */
const multiply = (a: number, b: number): number => {
  let product = 0;
  for (let x = a, y = b; y > 0; y >>= 1) {
    if (y & 1) product ^= x;
    x = (x << 1) ^ (x & 0x80 ? 0x11b : 0);
  }
  return product;
};

const rotate8 = (x: number, by: number): number => ((x << by) | (x >> (8 - by))) & 0xff;

const fillTables = (): void => {
  // 3 generates the field: p runs through all its elements, q through their inverses (× 3⁻¹ = × 0xf6).
  for (let i = 0, p = 1, q = 1; i < 255; i++, p = multiply(p, 3), q = multiply(q, 0xf6))
    substitute[p] = q ^ rotate8(q, 1) ^ rotate8(q, 2) ^ rotate8(q, 3) ^ rotate8(q, 4) ^ 0x63;
  substitute[0] = 0x63;
  for (let x = 0; x < 256; x++) restore[substitute[x] as number] = x;
  for (let x = 0; x < 256; x++) {
    const s = restore[x] as number;
    const column =
      multiply(s, 0x0e) | (multiply(s, 0x09) << 8) | (multiply(s, 0x0d) << 16) | (multiply(s, 0x0b) << 24);
    unmix0[x] = column;
    unmix1[x] = (column << 8) | (column >>> 24);
    unmix2[x] = (column << 16) | (column >>> 16);
    unmix3[x] = (column << 24) | (column >>> 8);
  }
};
fillTables();

const rounds = 14;
const blockWords = 4;

const substituteWord = (w: number): number =>
  (substitute[w & 0xff] as number) |
  ((substitute[(w >>> 8) & 0xff] as number) << 8) |
  ((substitute[(w >>> 16) & 0xff] as number) << 16) |
  ((substitute[w >>> 24] as number) << 24);

/** The round keys of AES-256 in the order in which the equivalent inverse cipher uses them (FIPS 197, 5.3.5). */
const inverseKeys = (key: Buffer): Int32Array => {
  const expanded = new Int32Array(blockWords * (rounds + 1));
  for (let i = 0; i < 8; i++) expanded[i] = key.readInt32LE(4 * i);
  for (let i = 8, rcon = 1; i < expanded.length; i++) {
    let word = expanded[i - 1] as number;
    if (i % 8 === 0) {
      word = substituteWord((word >>> 8) | (word << 24)) ^ rcon;
      rcon = multiply(rcon, 2);
    } else if (i % 8 === 4) word = substituteWord(word);
    expanded[i] = (expanded[i - 8] as number) ^ word;
  }
  return expanded.map((_, i) => {
    const round = Math.floor(i / blockWords);
    const word = expanded[(rounds - round) * blockWords + (i % blockWords)] as number;
    if (round === 0 || round === rounds) return word;
    const s = substituteWord(word);
    return (
      (unmix0[s & 0xff] as number) ^
      (unmix1[(s >>> 8) & 0xff] as number) ^
      (unmix2[(s >>> 16) & 0xff] as number) ^
      (unmix3[s >>> 24] as number)
    );
  });
};

/**
 * AES-256-IGE decryption, pᵢ = D(cᵢ ⊕ pᵢ₋₁) ⊕ cᵢ₋₁. Each block needs the one before it in the clear, so that no native mode
 * does it in one call; and it is what an upload costs the server, so that it is written for speed.
 */
export const igeDecrypt = (key: Buffer, iv: Buffer, cipher: Buffer): Buffer => {
  const keys = inverseKeys(key);
  const input = new Int32Array(cipher.length >> 2);
  Buffer.from(input.buffer).set(cipher.subarray(0, input.length * 4));
  const output = new Int32Array(input.length);
  const k0 = keys[0] as number;
  const k1 = keys[1] as number;
  const k2 = keys[2] as number;
  const k3 = keys[3] as number;
  let [c0, c1, c2, c3] = [iv.readInt32LE(0), iv.readInt32LE(4), iv.readInt32LE(8), iv.readInt32LE(12)];
  let [p0, p1, p2, p3] = [iv.readInt32LE(16), iv.readInt32LE(20), iv.readInt32LE(24), iv.readInt32LE(28)];
  for (let at = 0; at < input.length; at += blockWords) {
    const n0 = input[at] as number;
    const n1 = input[at + 1] as number;
    const n2 = input[at + 2] as number;
    const n3 = input[at + 3] as number;
    let a = n0 ^ p0 ^ k0;
    let b = n1 ^ p1 ^ k1;
    let c = n2 ^ p2 ^ k2;
    let d = n3 ^ p3 ^ k3;
    let k = blockWords;
    for (let round = 1; round < rounds; round++, k += blockWords) {
      const a2 =
        (unmix0[a & 0xff] as number) ^
        (unmix1[(d >>> 8) & 0xff] as number) ^
        (unmix2[(c >>> 16) & 0xff] as number) ^
        (unmix3[b >>> 24] as number);
      const b2 =
        (unmix0[b & 0xff] as number) ^
        (unmix1[(a >>> 8) & 0xff] as number) ^
        (unmix2[(d >>> 16) & 0xff] as number) ^
        (unmix3[c >>> 24] as number);
      const c2 =
        (unmix0[c & 0xff] as number) ^
        (unmix1[(b >>> 8) & 0xff] as number) ^
        (unmix2[(a >>> 16) & 0xff] as number) ^
        (unmix3[d >>> 24] as number);
      const d2 =
        (unmix0[d & 0xff] as number) ^
        (unmix1[(c >>> 8) & 0xff] as number) ^
        (unmix2[(b >>> 16) & 0xff] as number) ^
        (unmix3[a >>> 24] as number);
      a = a2 ^ (keys[k] as number);
      b = b2 ^ (keys[k + 1] as number);
      c = c2 ^ (keys[k + 2] as number);
      d = d2 ^ (keys[k + 3] as number);
    }
    p0 = restored(a, d, c, b) ^ (keys[k] as number) ^ c0;
    p1 = restored(b, a, d, c) ^ (keys[k + 1] as number) ^ c1;
    p2 = restored(c, b, a, d) ^ (keys[k + 2] as number) ^ c2;
    p3 = restored(d, c, b, a) ^ (keys[k + 3] as number) ^ c3;
    output[at] = p0;
    output[at + 1] = p1;
    output[at + 2] = p2;
    output[at + 3] = p3;
    c0 = n0;
    c1 = n1;
    c2 = n2;
    c3 = n3;
  }
  return Buffer.from(output.buffer);
};

/** The last round has no column mixing: each byte of the column from another word, by the inverse row shift. */
const restored = (w0: number, w1: number, w2: number, w3: number): number =>
  (restore[w0 & 0xff] as number) |
  ((restore[(w1 >>> 8) & 0xff] as number) << 8) |
  ((restore[(w2 >>> 16) & 0xff] as number) << 16) |
  ((restore[w3 >>> 24] as number) << 24);

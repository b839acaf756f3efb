import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { freeWhenSent } from './free-chunks.ts';

/** A stream that writes when the test says so. */
const slowStream = () => {
  const gate = Promise.withResolvers<void>();
  const written: string[] = [];
  const take = (chunk: Buffer, done: () => void) =>
    void gate.promise.then(() => {
      written.push(chunk.toString('latin1', 0, 1));
      done();
    });
  const stream = new Writable({
    write: (chunk, _, done) => take(chunk, done),
    writev: (chunks, done) => take(Buffer.concat(chunks.map(({ chunk }) => chunk)), done),
  });
  freeWhenSent(stream);
  return { stream, gate, written };
};

describe('freeWhenSent', () => {
  it('frees chunks once they are written, one alone and several together', async () => {
    const { stream, gate, written } = slowStream();
    const [first, second, third] = ['a', 'b', 'c'].map((fill) =>
      Buffer.allocUnsafeSlow(65_536).fill(fill),
    ) as [Buffer, Buffer, Buffer];
    stream.write(first);
    stream.write(second);
    stream.end(third);
    await setImmediate();
    expect(first.byteLength).toBe(65_536);
    gate.resolve();
    await new Promise((resolve) => stream.once('finish', resolve));
    await setImmediate();
    expect(written).toEqual(['a', 'b']);
    expect([first, second, third].map(({ byteLength }) => byteLength)).toEqual([0, 0, 0]);
  });

  it('leaves what is a part of something else', async () => {
    const { stream, gate } = slowStream();
    const part = Buffer.allocUnsafeSlow(65_536).subarray(1);
    gate.resolve();
    stream.end(part);
    await new Promise((resolve) => stream.once('finish', resolve));
    await setImmediate();
    expect(part.byteLength).toBe(65_535);
  });
});

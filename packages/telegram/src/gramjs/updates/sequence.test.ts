import { describe, expect, it } from 'vitest';
import { type Counted, Sequence } from './sequence.ts';

interface Named extends Counted {
  name: string;
}

const update = (pts: number, ptsCount = 1): Named => ({ pts, ptsCount, name: `to ${pts}` });

const sequenceAt = (pts: number) => {
  const applied: string[] = [];
  const sequence = new Sequence<Named>(pts, ({ name }) => applied.push(name));
  return { applied, sequence };
};

describe('Sequence', () => {
  it('applies what follows on its state, also several events at once', () => {
    const { applied, sequence } = sequenceAt(10);
    for (const one of [update(11), update(14, 3), update(15)]) expect(sequence.offer(one)).toBe(true);
    expect(applied).toEqual(['to 11', 'to 14', 'to 15']);
    expect(sequence.pts).toBe(15);
  });

  it('ignores what came before', () => {
    const { applied, sequence } = sequenceAt(10);
    expect(sequence.offer(update(10))).toBe(false);
    expect(sequence.offer(update(3))).toBe(false);
    expect(applied).toEqual([]);
  });

  it('keeps what is ahead until what is missing has come, in whichever order', () => {
    const { applied, sequence } = sequenceAt(10);
    for (const pts of [14, 12, 13]) sequence.offer(update(pts));
    expect(sequence.hasGap).toBe(true);
    expect(applied).toEqual([]);
    sequence.offer(update(11));
    expect(applied).toEqual(['to 11', 'to 12', 'to 13', 'to 14']);
    expect(sequence.hasGap).toBe(false);
  });

  it('goes on after a difference with what the difference did not bring', () => {
    const { applied, sequence } = sequenceAt(10);
    sequence.offer(update(13));
    sequence.hold();
    sequence.offer(update(14));
    sequence.offer(update(15));
    sequence.advance(14);
    expect(sequence.release()).toBe(true);
    expect(applied).toEqual(['to 15']);
    expect(sequence.pts).toBe(15);
  });

  it('asks for another difference where more came meanwhile than is kept', () => {
    const { sequence } = sequenceAt(0);
    sequence.hold();
    for (let pts = 1; pts <= 1001; pts++) sequence.offer(update(pts));
    expect(sequence.release()).toBe(false);
    expect(sequence.pts).toBe(1000);
    sequence.hold();
    expect(sequence.release()).toBe(true);
  });

  it('stays whole whatever order updates come in, some of them twice', () => {
    const { applied, sequence } = sequenceAt(0);
    const all = Array.from({ length: 200 }, (_, index) => update(index + 1));
    for (const one of [...all, ...all].toSorted(() => Math.random() - 0.5)) sequence.offer(one);
    expect(applied).toEqual(all.map(({ name }) => name));
  });
});

import { describe, expect, it } from 'vitest';
import { envelope } from './envelope.ts';
import { examples } from './examples.ts';
import { checkEnvelope, contracts, faultOf, InvalidEvent, parseEnvelope } from './validation.ts';

describe('examples', () => {
  it('cover every contract once, with valid and invalid data', () => {
    expect(examples.map(({ contract }) => contract.type).toSorted()).toEqual(
      [...contracts.keys()].toSorted(),
    );
    for (const { valid, invalid } of examples) {
      expect(valid.length).toBeGreaterThan(0);
      expect(invalid.length).toBeGreaterThan(0);
    }
  });

  for (const { contract, valid, invalid } of examples) {
    describe(contract.type, () => {
      it.each(valid.map((data, index) => [index + 1, data] as const))('takes valid example %i', (_, data) => {
        expect(faultOf(contract.data, data)).toBeNull();
        const event = envelope(contract, data, { source: 'test', correlationId: 'c0ffee00' });
        expect(parseEnvelope(Buffer.from(JSON.stringify(event)))).toEqual(event);
      });

      it.each(invalid)('refuses %s', (_, data) => {
        const event = envelope(contract, data, { source: 'test', correlationId: 'c0ffee00' });
        expect(() => checkEnvelope(event)).toThrow(InvalidEvent);
        expect(() => checkEnvelope(event)).toThrow(expect.objectContaining({ reason: 'invalid_data' }));
      });
    });
  }
});

import { describe, expect, it } from 'vitest';
import { replicasOf } from './services.ts';

const services = ['gateway', 'media-pirate', 'sender'];

describe('replicasOf', () => {
  it('is one process a service', () => {
    expect(replicasOf(services)).toEqual(services.map((name) => ({ service: name, name })));
  });

  it('numbers further ones from 2 on', () => {
    expect(replicasOf(['media-pirate'], { 'media-pirate': 3 })).toEqual([
      { service: 'media-pirate', name: 'media-pirate' },
      { service: 'media-pirate', name: 'media-pirate-2' },
      { service: 'media-pirate', name: 'media-pirate-3' },
    ]);
  });

  it.each([
    [{ 'media-pirate': 0 }, 'media-pirate cannot run 0 times: give a whole number from 1 on.'],
    [{ 'media-pirate': 1.5 }, 'media-pirate cannot run 1.5 times: give a whole number from 1 on.'],
    [{ logger: 2 }, 'There are no replicas of logger: it is not started.'],
  ] as [Record<string, number>, string][])('refuses %j', (counts, why) => {
    expect(() => replicasOf(services, counts)).toThrow(why);
  });

  it.each(['gateway', 'sender'])('lets a %s stand by', (name) => {
    expect(replicasOf([name], { [name]: 2 }).map((replica) => replica.name)).toEqual([name, `${name}-2`]);
  });
});

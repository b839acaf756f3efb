import { describe, expect, it } from 'vitest';
import { Faults } from './faults.ts';
import { Api } from './tl.ts';
import type { WorldUser } from './world/user.ts';

const request = new Api.updates.GetState();
const user = (name: string) => ({ name }) as WorldUser;

describe('Faults', () => {
  it('are used up, in the order in which they were added', () => {
    const faults = new Faults();
    faults.add({ method: 'a.B', error: [400, 'FIRST'], times: 2 });
    faults.add({ method: '*', error: [400, 'SECOND'] });
    const errors = [1, 2, 3, 4].map(() => faults.take('a.B', request, undefined)?.error?.[1]);
    expect(errors).toEqual(['FIRST', 'FIRST', 'SECOND', undefined]);
  });

  it('concern their method, account and request only', () => {
    const faults = new Faults();
    faults.add({ method: 'a.B', account: 'bob', match: (r) => r === request, swallow: true });
    expect(faults.take('a.C', request, user('bob'))).toBeUndefined();
    expect(faults.take('a.B', request, user('alice'))).toBeUndefined();
    expect(faults.take('a.B', new Api.updates.GetState(), user('bob'))).toBeUndefined();
    expect(faults.take('a.B', request, user('bob'))?.swallow).toBe(true);
  });

  it('of pushes are taken by pushes, not by calls', () => {
    const faults = new Faults();
    faults.add({ method: 'a.B', losePush: true, account: 'bob' });
    expect(faults.take('a.B', request, user('bob'))).toBeUndefined();
    faults.add({ method: 'a.B', push: { delayMs: 5 }, account: 'bob' });
    expect(faults.takePush('a.B', undefined, user('alice'))).toBeUndefined();
    const taken = [1, 2, 3].map(() => faults.takePush('a.B', undefined, user('bob')));
    expect(taken).toEqual(['lose', { delayMs: 5 }, undefined]);
  });
});

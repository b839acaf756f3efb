import { describe, expect, it } from 'vitest';
import { createStarted } from './started.ts';

describe('createStarted', () => {
  it('stops what was started last first, once, and also what is still starting', async () => {
    const started = createStarted();
    const stopped: string[] = [];
    const stop = async (name: string) => void stopped.push(name);
    await started.add('first', stop);
    const coming = Promise.withResolvers<string>();
    const second = started.add(coming.promise, stop);
    const stopping = started.stop();
    coming.resolve('second');
    expect(await second).toBe('second');
    await stopping;
    await started.stop();
    expect(stopped).toEqual(['second', 'first']);
  });

  it('passes over what did not start, and reports what did not stop after stopping the rest', async () => {
    const started = createStarted();
    const stopped: string[] = [];
    await started.add('fine', async (name) => void stopped.push(name));
    await started.add('stuck', () => Promise.reject(new Error('will not stop')));
    await expect(started.add(Promise.reject(new Error('did not start')), async () => {})).rejects.toThrow();
    await expect(started.stop()).rejects.toMatchObject({ errors: [new Error('will not stop')] });
    expect(stopped).toEqual(['fine']);
  });
});

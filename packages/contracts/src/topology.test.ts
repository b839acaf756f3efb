import { describe, expect, it } from 'vitest';
import { deadQueueName, queues, retryQueueName } from './topology.ts';
import { contracts } from './validation.ts';

describe('retryQueueName', () => {
  it.each([
    [5000, 'sender.retry.5s'],
    [30_000, 'sender.retry.30s'],
    [300_000, 'sender.retry.5m'],
    [90_000, 'sender.retry.90s'],
    [150, 'sender.retry.150ms'],
  ])('names the rung of %i ms %s', (delayMs, name) => expect(retryQueueName('sender', delayMs)).toBe(name));
});

describe('deadQueueName', () => {
  it('stands beside the queue', () => expect(deadQueueName('sender')).toBe('sender.dead'));
});

describe('queues', () => {
  const matches = (binding: string, type: string) =>
    new RegExp(`^${binding.replaceAll('.', '\\.').replaceAll('*', '[^.]+')}$`).test(type);

  it('bind only what a contract describes', () => {
    for (const { bindings } of Object.values(queues))
      for (const binding of bindings)
        expect(
          [...contracts.keys()].some((type) => matches(binding, type)),
          binding,
        ).toBe(true);
  });

  it('take every event that somebody has to take', () => {
    const bindings = Object.values(queues).flatMap((queue) => [...queue.bindings]);
    const unheard = [...contracts.values()]
      .filter(({ mandatory }) => mandatory)
      // Taken where somebody serves large downloads; media-pirate tells the asker where nobody does.
      .filter(({ type }) => type !== 'commands.media.large_download')
      .filter(({ type }) => !bindings.some((binding) => matches(binding, type)));
    expect(unheard).toEqual([]);
  });
});

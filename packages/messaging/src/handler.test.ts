import { telegramEdit, telegramReply } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import { PermanentError } from './errors.ts';
import { type HandlerContext, handle, runHandler } from './handler.ts';
import type { Publisher, Sealed } from './publisher.ts';

const event = {
  id: 'event',
  type: telegramReply.type,
  dataschema: telegramReply.dataschema,
  correlationid: 'c0ffee00',
} as never;

describe('handle', () => {
  it('refuses an event of another contract', async () => {
    const { run } = handle(telegramEdit, async () => {});
    await expect(run(event, {} as HandlerContext)).rejects.toThrow(PermanentError);
  });
});

describe('runHandler', () => {
  const setUp = () => {
    const published: string[] = [];
    const publisher = {
      seal: (contract, _data, options) => ({ envelope: { type: contract.type }, id: options?.id }) as never,
      publish: async (sealed: Sealed) => {
        published.push(sealed.envelope.type);
        return 'id';
      },
    } as Partial<Publisher> as Publisher;
    return { published, publisher };
  };
  const signal = new AbortController().signal;

  it('publishes nothing until the handler has ended, and nothing at all if it failed', async () => {
    const { published, publisher } = setUp();
    const run = (fails: boolean) =>
      runHandler({ envelope: event, publisher, signal, attempt: 1 }, async ({ publish }) => {
        publish(telegramEdit, {} as never);
        expect(published).toEqual([]);
        if (fails) throw new Error('no');
      });
    await expect(run(true)).rejects.toThrow('no');
    expect(published).toEqual([]);
    await run(false);
    expect(published).toEqual([telegramEdit.type]);
  });

  it('refuses what is published after the end, which would be lost', async () => {
    const { publisher } = setUp();
    const escaped = Promise.withResolvers<HandlerContext>();
    await runHandler({ envelope: event, publisher, signal, attempt: 1 }, async (context) =>
      escaped.resolve(context),
    );
    const { publish } = await escaped.promise;
    expect(() => publish(telegramEdit, {} as never)).toThrow('after its handler had ended');
  });
});

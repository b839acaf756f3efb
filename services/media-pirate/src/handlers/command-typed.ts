import { originOf, telegramRaw, telegramReply } from '@heavy/contracts';
import { handle } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { type CancelDeps, cancelTyped } from './cancel-typed.ts';
import { mediaAsked } from './media-asked.ts';
import type { Typed } from './typed.ts';

/** What media-pirate's command words do. */
const typedBy = (deps: CancelDeps & { log: Logger }): ReadonlyMap<string, Typed> => {
  const video = mediaAsked(deps.log, 'video');
  return new Map([
    ['vdl', video],
    ['dl', video],
    ['adl', mediaAsked(deps.log, 'audio')],
    ['cancel', cancelTyped(deps)],
  ]);
};

/** The handler of `events.telegram.raw`, and the words that it knows; all others are left to their services. */
export const commandTyped = (deps: CancelDeps & { log: Logger }) => {
  const typed = typedBy(deps);
  const handler = handle(
    telegramRaw,
    async ({ data }, context) => typed.get(data.command.word)?.(data, context),
    {
      exhausted: async ({ data }, { publish }) => {
        if (!typed.has(data.command.word)) return;
        publish(telegramReply, { origin: originOf(data), failure: { code: 'internal', context: {} } });
      },
    },
  );
  return { handler, words: [...typed.keys()] };
};

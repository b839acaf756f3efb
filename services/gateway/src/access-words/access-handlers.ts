import { accessWords } from '@heavy/access';
import { originOf, telegramRaw, telegramReply } from '@heavy/contracts';
import { type Handler, handle } from '@heavy/messaging';
import { type Answer, type ChangeDeps, changeAsked } from './change-asked.ts';
import { whoamiText } from './whoami-text.ts';
import type { Raw } from './word-arguments.ts';

/** The command words that are the gateway's own. */
export const words = ['whoami', ...accessWords] as const;

/** Answers `.whoami` and the words of the admins; all others are left to their services. For `queues.access`. */
export const accessHandlers = (deps: ChangeDeps): Handler[] => {
  const change = changeAsked(deps);
  const ours = ({ command }: Raw) => words.find((word) => word === command.word);
  const answerTo = async (eventId: string, data: Raw): Promise<Answer | undefined> => {
    const word = ours(data);
    if (word === undefined) return undefined;
    return word === 'whoami' ? { text: whoamiText(data) } : change(eventId, word, data);
  };
  return [
    handle(
      telegramRaw,
      async ({ id, data }, { publish }) => {
        const answer = await answerTo(id, data);
        if (!answer) return;
        if ('failure' in answer)
          deps.log.info(
            { step: 'failed', code: answer.failure.code, word: data.command.word, by: data.sender.id },
            'access word not carried out',
          );
        publish(telegramReply, { origin: originOf(data), ...answer });
      },
      {
        exhausted: async ({ data }, { publish }) => {
          if (!ours(data)) return;
          publish(telegramReply, { origin: originOf(data), failure: { code: 'internal', context: {} } });
        },
      },
    ),
  ];
};

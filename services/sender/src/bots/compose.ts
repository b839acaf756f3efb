import type { BotMessage } from '@heavy/contracts';
import type { Entity } from '@heavy/telegram';
import type { Api } from 'grammy';
import { cutText } from '../text/cut-text.ts';
import type { FormattedText } from '../text/formatted-text.ts';
import { parseText } from '../text/parse-text.ts';
import { splitText } from '../text/split-text.ts';

/** One call; resolves with the id of the message that there is then. */
export type Call = (api: Api, chatId: number | string) => Promise<number | undefined>;

const textLimit = 4096;

type SendMessage = Parameters<Api['raw']['sendMessage']>[0];
type BotEntity = NonNullable<SendMessage['entities']>[number];

/** An entity in the words of the Bot API, which of a mentioned user looks at the id alone. */
const botEntity = ({ type, offset, length, url, userId, language, documentId }: Entity): BotEntity => {
  const entity =
    type === 'mention_name'
      ? { type: 'text_mention', user: { id: userId } }
      : {
          type,
          ...(url === undefined ? {} : { url }),
          ...(language === undefined ? {} : { language }),
          ...(documentId === undefined ? {} : { custom_emoji_id: documentId }),
        };
  return { offset, length, ...entity } as BotEntity;
};

/** Text and entities: what is no valid markup stands in the text as it is, so that no message fails by it. */
const spoken = ({ text, entities }: FormattedText) => ({ text, entities: entities.map(botEntity) });

/** The calls that carry out a message, in order; none where there is nothing to say. */
export const composeCalls = ({ type, data }: BotMessage): Call[] => {
  const markup = data.reply_markup === undefined ? {} : { reply_markup: data.reply_markup };
  const message_id = Number(data.message_id);
  if (type === 'del_msg')
    return [(api, chat_id) => api.raw.deleteMessage({ chat_id, message_id }).then(() => undefined)];
  if (type === 'edit_msg') {
    if (data.text === undefined)
      return [
        (api, chat_id) =>
          api.raw.editMessageReplyMarkup({ chat_id, message_id, ...markup }).then(() => message_id),
      ];
    const said = cutText(parseText(data.text, 'html'), textLimit);
    if (said.text.trim() === '') return [];
    const edit = { message_id, ...spoken(said), ...markup };
    return [(api, chat_id) => api.raw.editMessageText({ chat_id, ...edit }).then(() => message_id)];
  }
  const reply =
    data.reply_to_message_id === undefined
      ? {}
      : {
          // A message whose target is gone arrives all the same.
          reply_parameters: {
            message_id: Number(data.reply_to_message_id),
            allow_sending_without_reply: true,
          },
        };
  const parts = splitText(parseText(data.text, 'html'), textLimit);
  return parts.map((part, index) => async (api, chat_id) => {
    const sent = await api.raw.sendMessage({
      ...{ chat_id, ...spoken(part) },
      ...(index === 0 ? reply : {}),
      ...(index === parts.length - 1 ? markup : {}),
    });
    return sent.message_id;
  });
};

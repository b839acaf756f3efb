import { type BotMessage, type BotMessageType, botMessageSchemas, faultOf } from '@heavy/contracts';

/** The longest `data` that is looked into: the longest text with the largest keyboard is shorter. */
const maxDataChars = 1024 * 1024;

/** What could be read of an entry that is no message. */
export interface MalformedEntry {
  type: string;
  fault: string;
  chatId: number | string | null;
  externalId?: number;
}

const isMessageType = (type: string): type is BotMessageType => Object.hasOwn(botMessageSchemas, type);

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};

/** The JSON of a `data` field, or why it is none. */
export const readData = (data: string | undefined): { value: unknown } | { fault: string } => {
  if (data === undefined) return { fault: 'The entry has no field "data".' };
  if (data.length > maxDataChars)
    return { fault: `"data" has ${data.length} characters, and ${maxDataChars} are allowed.` };
  try {
    return { value: JSON.parse(data) };
  } catch {
    // What JSON.parse says quotes the text.
    return { fault: '"data" is no JSON.' };
  }
};

/** Reads an entry of a bot's stream: a message, or what is wrong with it. */
export const parseEntry = (
  fields: Readonly<Record<string, string>>,
  botId: number,
): { message: BotMessage } | { malformed: MalformedEntry } => {
  const type = fields['type'] ?? '';
  const malformed = (fault: string, value?: unknown) => {
    const { chat_id: chatId, external_id: externalId } = asRecord(value);
    return {
      malformed: {
        type: type.slice(0, 64),
        fault,
        chatId: Number.isSafeInteger(chatId) || typeof chatId === 'string' ? shortId(chatId) : null,
        ...(typeof externalId === 'number' && Number.isSafeInteger(externalId) ? { externalId } : {}),
      },
    };
  };
  if (type === '') return malformed('The entry has no field "type".');
  const data = readData(fields['data']);
  if ('fault' in data) return malformed(data.fault);
  if (!isMessageType(type)) return malformed(`The type "${type.slice(0, 64)}" is not known.`, data.value);
  const fault = faultOf(botMessageSchemas[type], data.value);
  if (fault) return malformed(`"data" does not fit ${type}: ${fault}.`, data.value);
  const message = { type, data: data.value } as BotMessage;
  if (message.data.bot_id !== botId)
    return malformed(`"bot_id" is ${message.data.bot_id} in the stream of the bot ${botId}.`, data.value);
  return { message };
};

const shortId = (id: unknown): number | string => (typeof id === 'number' ? id : String(id).slice(0, 64));

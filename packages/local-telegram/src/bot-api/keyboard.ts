import type { InlineButton, InlineKeyboard } from '../world/keyboard.ts';
import { badRequest } from './bot-api-error.ts';
import { fieldOf, type Params } from './params.ts';

/** https://core.telegram.org/bots/api#inlinekeyboardbutton, in bytes of UTF-8. */
const maxCallbackDataBytes = 64;

const buttonOf = (given: unknown): InlineButton => {
  const [text, callbackData, url] = ['text', 'callback_data', 'url'].map((name) => fieldOf(given, name));
  if (typeof text !== 'string')
    throw badRequest('can\'t parse inline keyboard button: Field "text" must be of type String');
  if (text === '') throw badRequest('inline keyboard button text is empty');
  if (typeof url === 'string') return { text, url };
  if (typeof callbackData !== 'string') throw badRequest('text buttons are unallowed in the inline keyboard');
  if (callbackData === '' || Buffer.byteLength(callbackData) > maxCallbackDataBytes)
    throw badRequest('BUTTON_DATA_INVALID');
  return { text, callbackData };
};

/**
 * The inline keyboard of a call, without empty rows; undefined where none is left or it is a markup of another kind, which nobody
 * sees here.
 * @throws {BotApiError}
 */
export const keyboardOf = (params: Params): InlineKeyboard | undefined => {
  const markup = params.structure('reply_markup', 'reply keyboard markup');
  if (markup === undefined) return undefined;
  if (typeof markup !== 'object' || Array.isArray(markup))
    throw badRequest('object expected as reply markup');
  const given = fieldOf(markup, 'inline_keyboard');
  if (given === undefined) return undefined;
  if (!Array.isArray(given))
    throw badRequest('can\'t parse reply keyboard markup: Field "inline_keyboard" must be of type Array');
  const rows = given.map((row: unknown) => {
    if (!Array.isArray(row))
      throw badRequest("can't parse reply keyboard markup: expected an Array of Array");
    return row.map(buttonOf);
  });
  const filled = rows.filter((row) => row.length > 0);
  return filled.length > 0 ? filled : undefined;
};

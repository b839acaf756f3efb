/** A button under a message: it tells the bot its data, or opens its link. */
export type InlineButton =
  | { readonly text: string; readonly callbackData: string }
  | { readonly text: string; readonly url: string };

/** The rows of buttons under a bot's message (https://core.telegram.org/bots/features#inline-keyboards). */
export type InlineKeyboard = readonly (readonly InlineButton[])[];

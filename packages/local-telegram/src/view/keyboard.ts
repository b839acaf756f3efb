import { Api } from '../tl.ts';
import type { InlineKeyboard } from '../world/keyboard.ts';

export const keyboardToTl = (keyboard: InlineKeyboard): Api.ReplyInlineMarkup =>
  new Api.ReplyInlineMarkup({
    rows: keyboard.map(
      (row) =>
        new Api.KeyboardButtonRow({
          buttons: row.map((button) =>
            'url' in button
              ? new Api.KeyboardButtonUrl(button)
              : new Api.KeyboardButtonCallback({
                  text: button.text,
                  data: Buffer.from(button.callbackData),
                }),
          ),
        }),
    ),
  });

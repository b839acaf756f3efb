import type { Logger } from '@heavy/telegram';

const nothing = (): void => undefined;

/** For what a command does with Telegram: the command itself says how it went. */
export const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

import { Logger as LibraryLogger, type LogLevel } from 'telegram/extensions/Logger.js';
import type { Logger } from '../logger.ts';

/** Gives the library's log lines to ours. It prints to the console whatever `canSend` lets pass: nothing. */
export class LogBridge extends LibraryLogger {
  readonly #log: Logger;

  constructor(log: Logger) {
    super();
    this.#log = log;
  }

  override canSend(): boolean {
    return false;
  }

  /** Its warnings are about connections that come and go, which the driver reports itself. */
  override _log(level: LogLevel, message: string): void {
    if (level === 'error') this.#log.warn({ library: 'gramjs' }, message);
    else this.#log.debug({ library: 'gramjs' }, message);
  }
}

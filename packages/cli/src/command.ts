import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** What a command talks to. */
export interface Terminal {
  /** A line on standard output. */
  out(line: string): void;
  /** A line on standard error. */
  err(line: string): void;
  /** Asks a person; undefined where there is none to ask. */
  ask: ((question: string) => Promise<boolean>) | undefined;
  /**
   * Has a person type something, which a `hidden` answer does not show; undefined where there is none to ask. Rejects where the
   * person has had enough.
   */
  read?: ((question: string, options?: { hidden?: boolean }) => Promise<string>) | undefined;
  /** Aborts when the person has had enough. */
  readonly signal: AbortSignal;
}

/** One command of `heavy`. */
export interface Command {
  /** What it does, in a few words. */
  readonly summary: string;
  /** Everything about it, beginning with how it is called. */
  readonly usage: string;
  /**
   * Resolves with the exit code.
   * @throws {UsageFault}, or {Failed}.
   */
  run(args: string[], terminal: Terminal): Promise<number>;
}

/** What was typed makes no sense; the message is a sentence. Exit code 2. */
export class UsageFault extends Error {
  override readonly name = 'UsageFault';
}

/** It cannot be done; the message is a sentence without credentials. Exit code 1. */
export class Failed extends Error {
  override readonly name = 'Failed';
}

/**
 * Reads options and what stands beside them.
 * @throws {UsageFault}
 */
export const parse = <T extends ParseArgsOptionsConfig>(args: string[], options: T) => {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (cause) {
    const [sentence = ''] = (cause instanceof Error ? cause.message : String(cause)).split('. ');
    throw new UsageFault(sentence, { cause });
  }
};

/** @throws {UsageFault} where there is anything beside the options. */
export const parseOptions = <T extends ParseArgsOptionsConfig>(args: string[], options: T) => {
  const { values, positionals } = parse(args, options);
  if (positionals.length > 0) throw new UsageFault(`"${positionals[0]}" is one word too many.`);
  return values;
};

/** @throws {UsageFault} unless the value is one of those allowed, or absent. */
export const oneOf = <T extends string>(
  option: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined => {
  const found = allowed.find((one) => one === value);
  if (value !== undefined && found === undefined)
    throw new UsageFault(`--${option} is one of ${allowed.join(', ')}; "${value}" is not.`);
  return found;
};

/** @throws {UsageFault} unless the value is a whole number from 1, or absent. */
export const countOf = (option: string, value: string | undefined): number | undefined => {
  const count = value === undefined ? undefined : Number(value);
  if (count !== undefined && (!Number.isSafeInteger(count) || count < 1))
    throw new UsageFault(`--${option} is a whole number from 1.`);
  return count;
};

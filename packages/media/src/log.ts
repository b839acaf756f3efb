type Write = (fields: object, message: string) => void;

/** The part of a pino logger that is used here. */
export interface Log {
  debug: Write;
  info: Write;
  warn: Write;
}

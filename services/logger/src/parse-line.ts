import { faultOf, type LogRecord, logRecordSchema } from '@heavy/contracts';
import { redactText } from '@heavy/service';

/** A line as it is stored: what it says, and its text. */
export interface ParsedLine {
  record: LogRecord;
  /** One JSON object. */
  text: string;
}

const longestBody = 2000;

/**
 * Reads one body of the exchange `heavy.logs`. What is no log line becomes one of the logger's own, at `warn`, that shows the
 * beginning of the body: nothing is lost and nothing throws.
 */
export const parseLine = (body: Uint8Array, routingKey: string, now = Date.now()): ParsedLine => {
  const text = new TextDecoder().decode(body).trim();
  try {
    const value: unknown = JSON.parse(text);
    const fault = faultOf(logRecordSchema, value);
    if (fault === null) return { record: value as LogRecord, text };
    return malformed(text, routingKey, fault, now);
  } catch (error) {
    return malformed(text, routingKey, error instanceof Error ? error.message : String(error), now);
  }
};

const malformed = (body: string, routingKey: string, fault: string, now: number): ParsedLine => {
  const record: LogRecord = {
    time: now,
    level: 'warn',
    service: 'logger',
    msg: 'malformed log line',
    fault: redactText(fault),
    routingKey,
    body: redactText(body).slice(0, longestBody),
  };
  return { record, text: JSON.stringify(record) };
};

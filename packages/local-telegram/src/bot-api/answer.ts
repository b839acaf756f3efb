import type { ServerResponse } from 'node:http';
import type { BotApiError } from './bot-api-error.ts';

/** What a client is to read. */
export interface Answer {
  readonly status: number;
  readonly type: 'application/json' | 'text/html';
  readonly body: string;
}

export const okAnswer = (result: unknown): Answer => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify({ ok: true, result }),
});

/** As the Bot API refuses a call, or as a proxy in front of it does. */
export const errorAnswer = ({ code, message, parameters }: BotApiError, html = false): Answer => {
  const title = `${code} ${message}`;
  const page = `<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center></body></html>`;
  if (html) return { status: code, type: 'text/html', body: page };
  const body = JSON.stringify({ ok: false, error_code: code, description: message, parameters });
  return { status: code, type: 'application/json', body };
};

export const write = (response: ServerResponse, { status, type, body }: Answer): void => {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
};

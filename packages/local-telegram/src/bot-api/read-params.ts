import type { IncomingMessage } from 'node:http';
import { BotApiError, badRequest } from './bot-api-error.ts';
import { Params } from './params.ts';

/** Texts only come here; the real server takes files of 50 MB. */
const maxBodyBytes = 1024 * 1024;

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    // The rest is read all the same, so that the client gets to the answer.
    if (sizeBytes <= maxBodyBytes) chunks.push(chunk);
  }
  if (sizeBytes > maxBodyBytes) throw new BotApiError(413, 'Request Entity Too Large');
  return Buffer.concat(chunks);
};

const jsonEntries = (body: Buffer): [string, unknown][] => {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return Object.entries(parsed);
  } catch (error) {
    throw new BotApiError(400, "Bad Request: can't parse JSON object", undefined, { cause: error });
  }
  throw badRequest('object expected');
};

const entriesOf = async (body: Buffer, type: string): Promise<Iterable<[string, unknown]>> => {
  if (body.length === 0) return [];
  if (type.startsWith('application/json')) return jsonEntries(body);
  if (type.startsWith('multipart/form-data')) {
    // Copied, since a Response takes no view of shared memory.
    const form = new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    return (await form).entries();
  }
  return new URLSearchParams(body.toString());
};

/**
 * The parameters of a call: those of the query, and those of the body as JSON, form or multipart.
 * @throws {BotApiError}
 */
export const readParams = async (request: IncomingMessage, query: URLSearchParams): Promise<Params> => {
  const body = await bodyOf(request);
  const type = request.headers['content-type'] ?? '';
  try {
    return new Params(new Map<string, unknown>([...query, ...(await entriesOf(body, type))]));
  } catch (error) {
    if (error instanceof BotApiError) throw error;
    throw new BotApiError(400, "Bad Request: can't parse the request body", undefined, { cause: error });
  }
};

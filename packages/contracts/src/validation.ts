import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { TSchema } from 'typebox';
import { type Contract, type DataOf, type Envelope, envelopeSchema } from './envelope.ts';
import * as media from './media.ts';
import * as telegram from './telegram.ts';
import { type DeadReason, maxBodyBytes } from './topology.ts';

const ajv = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true });
addFormats.default(ajv);

const compiled = new WeakMap<TSchema, ValidateFunction>();
const validatorOf = (schema: TSchema): ValidateFunction => {
  const known = compiled.get(schema);
  if (known) return known;
  const fresh = ajv.compile(schema);
  compiled.set(schema, fresh);
  return fresh;
};

/** The first fault of `value` against `schema` as `path what`, or null where it fits. */
export const faultOf = (schema: TSchema, value: unknown): string | null => {
  const validate = validatorOf(schema);
  if (validate(value)) return null;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath || '(root)'} ${error?.message ?? 'is not valid'}`;
};

/** Every event and command, by its type. */
export const contracts: ReadonlyMap<string, Contract> = new Map(
  [
    telegram.telegramRaw,
    telegram.telegramMessage,
    telegram.telegramReply,
    telegram.telegramEdit,
    telegram.telegramDelete,
    telegram.telegramReact,
    telegram.telegramSendMedia,
    telegram.telegramSent,
    telegram.telegramSendFailed,
    media.videoDownload,
    media.audioDownload,
    media.largeDownload,
    media.downloadProgress,
    media.videoReady,
    media.audioReady,
    media.videoFailed,
    media.audioFailed,
  ].map((one) => [one.type, one as Contract]),
);

/** A body that is no event of ours; `reason` goes into the dead letter's headers. */
export class InvalidEvent extends Error {
  override readonly name = 'InvalidEvent';
  readonly reason: DeadReason;

  constructor(reason: DeadReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads one message body: JSON, envelope, known type, known version, data.
 * @throws {InvalidEvent} with the reason of the first of these that does not hold.
 */
export const parseEnvelope = (body: Uint8Array): Envelope => {
  if (body.byteLength > maxBodyBytes)
    throw new InvalidEvent('too_large', `${body.byteLength} bytes, and ${maxBodyBytes} are allowed`);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch (cause) {
    throw new InvalidEvent('malformed_json', cause instanceof Error ? cause.message : 'not JSON', { cause });
  }
  return checkEnvelope(value);
};

/**
 * The same checks for an envelope in hand: what the publisher runs before anything leaves.
 * @throws {InvalidEvent}
 */
export const checkEnvelope = (value: unknown): Envelope => {
  const fault = faultOf(envelopeSchema, value);
  if (fault) throw new InvalidEvent('malformed_envelope', fault);
  const event = value as Envelope;
  const known = contracts.get(event.type);
  if (!known) throw new InvalidEvent('unknown_type', `no contract for ${event.type}`);
  if (event.dataschema !== known.dataschema)
    throw new InvalidEvent('unknown_version', `${event.dataschema}, and ${known.dataschema} is known`);
  const dataFault = faultOf(known.data, event.data);
  if (dataFault) throw new InvalidEvent('invalid_data', `data${dataFault}`);
  return event;
};

/** Narrows an envelope to a contract. */
export const isOf = <C extends Contract>(of: C, event: Envelope): event is Envelope<DataOf<C>> =>
  event.type === of.type && event.dataschema === of.dataschema;

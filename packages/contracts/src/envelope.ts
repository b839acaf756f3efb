import { createHash, randomUUID } from 'node:crypto';
import { type Static, type TSchema, Type } from 'typebox';

/**
 * CloudEvents 1.0 in structured JSON mode, with the extension attributes of the Distributed Tracing extension and our
 * own `correlationid` and `causationid` (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
 */
export const envelopeSchema = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    /** Unique for this event; the same fact published twice carries the same id. */
    id: Type.String({ minLength: 1, maxLength: 200 }),
    /** The publishing service: `/gateway`. */
    source: Type.String({ pattern: '^/[a-z][a-z0-9-]*$' }),
    type: Type.String({ pattern: '^[a-z][a-z_]*(\\.[a-z_]+)+$', maxLength: 100 }),
    time: Type.String({ format: 'date-time' }),
    datacontenttype: Type.Literal('application/json'),
    dataschema: Type.String({ pattern: '^urn:heavy:schema:[a-z_.]+/v[1-9][0-9]*$' }),
    /** Copied to every descendant: names one command from the first hop to the last. */
    correlationid: Type.String({ minLength: 8, maxLength: 64, pattern: '^[0-9a-f-]+$' }),
    /** The id of the event whose handling published this one. */
    causationid: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    /** W3C Trace Context level 1. */
    traceparent: Type.String({ pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' }),
    data: Type.Unknown(),
  },
  { additionalProperties: false },
);

export type Envelope<T = unknown> = Readonly<Omit<Static<typeof envelopeSchema>, 'data'> & { data: T }>;

/** A type of event or command: its name (also its routing key), its version and the schema of its data. */
export interface Contract<S extends TSchema = TSchema> {
  readonly type: string;
  readonly version: number;
  readonly dataschema: string;
  readonly data: S;
  /**
   * Whether somebody has to be there to take it, so that publishing it while no queue is bound is an error. False for
   * facts that are complete without a listener.
   */
  readonly mandatory: boolean;
}

export type DataOf<C extends Contract> = Static<C['data']>;

export const contract = <S extends TSchema>(
  type: string,
  version: number,
  data: S,
  { mandatory = true }: { mandatory?: boolean } = {},
): Contract<S> => ({
  type,
  version,
  dataschema: `urn:heavy:schema:${type}/v${version}`,
  data,
  mandatory,
});

/** A UUID (version 8, RFC 9562) that is a function of its parts: the same fact always gets the same id. */
export const deterministicId = (...parts: (string | number)[]): string => {
  const hex = createHash('sha256').update(parts.join('\n')).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
};

/** What a person in the chat is given to name a command by: the first eight digits of its correlation id. */
export const shortId = (correlationId: string): string => correlationId.slice(0, 8);

export interface EnvelopeContext {
  /** The publishing service's name, without the slash. */
  source: string;
  correlationId: string;
  causationId?: string;
  /** The trace of the event being handled; a child span of it is made, or a new trace where there is none. */
  traceparent?: string;
  /** Defaults to a random UUID. */
  id?: string;
}

const spanOf = (parent: string | undefined): string => {
  // UUIDs come from a cache of random bytes; asking for bytes each time would cost more than all the rest.
  const trace = parent?.split('-')[1] ?? randomUUID().replaceAll('-', '');
  const uuid = randomUUID();
  return `00-${trace}-${uuid.slice(24)}${uuid.slice(0, 4)}-01`;
};

/** A frozen envelope around `data`. It is not validated here: `parseEnvelope` and the publisher do that. */
export const envelope = <C extends Contract>(
  of: C,
  data: DataOf<C>,
  context: EnvelopeContext,
): Envelope<DataOf<C>> =>
  Object.freeze({
    specversion: '1.0' as const,
    id: context.id ?? randomUUID(),
    source: `/${context.source}`,
    type: of.type,
    time: new Date().toISOString(),
    datacontenttype: 'application/json' as const,
    dataschema: of.dataschema,
    correlationid: context.correlationId,
    ...(context.causationId === undefined ? {} : { causationid: context.causationId }),
    traceparent: spanOf(context.traceparent),
    data,
  });

import { logLevels } from '@heavy/contracts';
import {
  type Static,
  type TObject,
  type TSchema,
  type TString,
  type TStringOptions,
  type TUnsafe,
  Type,
} from 'typebox';

/** A TypeBox object whose property names are the environment variables. */
export type ConfigSchema = TObject;

/** A string that is never printed, and that `<NAME>_FILE` may name a file for. */
export const secret = (options: TStringOptions & { description: string }): TString =>
  Type.String({ minLength: 1, ...options, secret: true });

/** Whether a property was made by {@link secret}. */
export const isSecret = (schema: TSchema): boolean => 'secret' in schema && schema['secret'] === true;

/** How a text becomes a value. */
interface Parser<T> {
  /** Null where the text is none. */
  parse: (text: string) => T | null;
  /** What it is called in a table and in a fault: `duration`. */
  kind: string;
  /** Some that can be read: `90s, 15m or 1h30m`. */
  example: string;
}

/** A text that is read as something else, such as a duration. Its default is a text too. */
export const parsed = <T>(
  parser: Parser<T>,
  options: TStringOptions & { description: string; default?: string },
): TUnsafe<T> => Type.Unsafe<T>(Type.String({ ...options, parser }));

/** What reads the text of a property that was made by {@link parsed}. */
export const parserOf = (schema: TSchema): Parser<unknown> | undefined =>
  'parser' in schema ? (schema['parser'] as Parser<unknown>) : undefined;

/** What every service reads besides its own settings. A service's own property of the same name wins. */
export const commonConfig = Type.Object({
  RABBITMQ_URL: secret({
    description: 'RabbitMQ, with credentials and vhost: `amqp://user:password@host:5672/vhost`',
    pattern: '^amqps?://.',
  }),
  REDIS_URL: secret({
    description: 'Redis, with credentials and database: `redis://:password@host:6379/0`',
    pattern: '^rediss?://.',
  }),
  HTTP_HOST: Type.String({
    description: 'Address that /health, /ready and /metrics listen on',
    default: '127.0.0.1',
    minLength: 1,
  }),
  HTTP_PORT: Type.Integer({
    description: 'Port that /health, /ready and /metrics listen on; 0 takes any free one, which is logged',
    default: 0,
    minimum: 0,
    maximum: 65_535,
  }),
  LOG_LEVEL: Type.Enum([...logLevels], {
    description: 'Lines below this level are not written',
    default: 'info',
  }),
  SHUTDOWN_GRACE_MS: Type.Integer({
    description: 'Milliseconds that a stop may take before the process ends with exit code 1',
    default: 20_000,
    minimum: 100,
  }),
  RETRY_DELAYS_MS: Type.Array(Type.Integer({ minimum: 1 }), {
    description: 'Milliseconds before each further attempt at a message, as a comma-separated list',
    default: [5000, 30_000, 300_000],
    minItems: 1,
  }),
  INSTANCE: Type.Optional(
    Type.String({
      description: 'Name of this replica in logs and heartbeat; host name and process id unless given',
      pattern: '^[A-Za-z0-9._-]{1,64}$',
    }),
  ),
});
export type CommonConfig = Static<typeof commonConfig>;

/** A service's own settings and the common ones, as read from the environment. */
export type ServiceConfig<S extends ConfigSchema> = Static<S> & CommonConfig;

/** One row of docs/configuration.md. */
export interface ConfigRow {
  name: string;
  /** `string`, `integer`, `number`, `boolean`, `list of integer`, what a parser reads, or the allowed values. */
  type: string;
  /** As it would be written in the environment; null where there is none. */
  default: string | null;
  required: boolean;
  secret: boolean;
  description: string;
}

const allowedValues = (schema: TSchema): unknown[] | undefined => {
  if ('enum' in schema && Array.isArray(schema.enum)) return schema.enum;
  if (!('anyOf' in schema) || !Array.isArray(schema.anyOf)) return undefined;
  const branches: unknown[] = schema.anyOf;
  const values = branches.map((one) =>
    typeof one === 'object' && one !== null && 'const' in one ? one.const : undefined,
  );
  return values.includes(undefined) ? undefined : values;
};

const typeName = (schema: TSchema): string => {
  const parser = parserOf(schema);
  if (parser) return parser.kind;
  const allowed = allowedValues(schema);
  if (allowed) return allowed.join(' | ');
  if ('items' in schema && typeof schema.items === 'object' && schema.items !== null)
    return `list of ${typeName(schema.items)}`;
  return 'type' in schema ? String(schema.type) : 'string';
};

/** The variables of a schema, in its order, for a generated table. A secret's default is not shown. */
export const describeConfig = (schema: ConfigSchema): ConfigRow[] =>
  Object.entries(schema.properties).map(([name, property]) => {
    const value: unknown = 'default' in property ? property.default : undefined;
    const hidden = isSecret(property);
    return {
      name,
      type: typeName(property),
      default: value === undefined || hidden ? null : String(value),
      required: value === undefined && !Type.IsOptional(property),
      secret: hidden,
      description: 'description' in property ? String(property.description) : '',
    };
  });

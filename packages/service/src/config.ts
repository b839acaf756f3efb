import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import addFormats from 'ajv-formats';
import { type Static, type TSchema, Type } from 'typebox';
import { type ConfigSchema, commonConfig, isSecret, parserOf, type ServiceConfig } from './config-schema.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** One variable that cannot be used as it is. The message never holds a secret's value. */
export interface ConfigFault {
  name: string;
  message: string;
}

/** The environment does not fit the schema; `faults` names every variable at fault. */
export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid';
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(faults.map((fault) => `${fault.name}: ${fault.message}`).join('\n'));
    this.faults = faults;
  }
}

/** `sysexits.h`: something was found in an unconfigured or misconfigured state. */
export const exitCodeConfig = 78;

const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, keywords: ['secret', 'parser'] });
addFormats.default(ajv);

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)$/;
const truth: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};

/** What does not read as the type stays a string, for the validator to name. */
const coerce = (schema: TSchema, text: string): unknown => {
  if ('items' in schema && typeof schema.items === 'object' && schema.items !== null) {
    const { items } = schema;
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => coerce(items, part));
  }
  const type = 'type' in schema ? schema.type : undefined;
  const word = text.trim();
  if (type === 'number' || type === 'integer') return decimal.test(word) ? Number(word) : text;
  if (type === 'boolean') return truth[word.toLowerCase()] ?? text;
  return text;
};

const given = (value: string | undefined): value is string => value !== undefined && value !== '';

/** The text of one variable, from itself or from the file that `<NAME>_FILE` names. */
const textOf = (name: string, schema: TSchema, env: Environment): string | undefined => {
  const own = env[name];
  const path = env[`${name}_FILE`];
  if (!isSecret(schema) || !given(path)) return given(own) ? own : undefined;
  if (given(own)) throw new Error(`is set, and so is ${name}_FILE: give one of the two`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new Error(`${name}_FILE cannot be read: ${path} (${code})`, { cause });
  }
  const trimmed = text.replace(/\r?\n$/, '');
  if (trimmed === '') throw new Error(`${name}_FILE is empty: ${path}`);
  return trimmed;
};

const wording = (error: ErrorObject, schema: TSchema, raw: string | undefined): string => {
  const message = error.message ?? 'is not valid';
  const allowed = error.keyword === 'enum' ? ` (${error.params['allowedValues'].join(', ')})` : '';
  return `${message}${allowed}${shown(schema, raw)}`;
};

/** What was found, where it may be seen. */
const shown = (schema: TSchema, raw: string | undefined): string =>
  raw === undefined || isSecret(schema) ? '' : `, and is ${JSON.stringify(raw.slice(0, 100))}`;

/**
 * Reads the variables that a schema names: trims nothing but numbers and list items, takes an empty variable for an absent
 * one, fills in defaults, and reads `<NAME>_FILE` for secrets.
 * @throws {ConfigInvalid} with all faults at once.
 */
export const loadConfig = <S extends ConfigSchema>(schema: S, env: Environment = process.env): Static<S> => {
  const faults = new Map<string, string>();
  const raw: Record<string, string | undefined> = {};
  const config: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    try {
      raw[name] = textOf(name, property, env);
    } catch (cause) {
      faults.set(name, cause instanceof Error ? cause.message : String(cause));
      continue;
    }
    const text = raw[name];
    if (text !== undefined) config[name] = coerce(property, text);
    else if ('default' in property) config[name] = structuredClone(property.default);
    else if (!Type.IsOptional(property)) faults.set(name, missing(property, name));
  }
  const validate = ajv.compile(schema);
  if (!validate(config))
    for (const error of validate.errors ?? []) {
      const name = error.instancePath.split('/')[1];
      const property = name === undefined ? undefined : schema.properties[name];
      if (name === undefined || property === undefined || faults.has(name)) continue;
      faults.set(name, wording(error, property, raw[name]));
    }
  for (const [name, property] of Object.entries(schema.properties)) {
    const parser = parserOf(property);
    const text = config[name];
    if (!parser || typeof text !== 'string' || faults.has(name)) continue;
    config[name] = parser.parse(text);
    if (config[name] === null)
      faults.set(name, `must be a ${parser.kind}, such as ${parser.example}${shown(property, text)}`);
  }
  if (faults.size > 0) throw new ConfigInvalid([...faults].map(([name, message]) => ({ name, message })));
  return config as Static<S>;
};

const missing = (schema: TSchema, name: string): string => {
  const description = 'description' in schema ? `: ${schema.description}` : '';
  return `is not set${isSecret(schema) ? `, nor is ${name}_FILE` : ''}${description}`;
};

/**
 * A service's own settings and the common ones.
 * @throws {ConfigInvalid}
 */
export const loadServiceConfig = <S extends ConfigSchema>(
  schema: S,
  env: Environment = process.env,
): ServiceConfig<S> =>
  loadConfig(Type.Object({ ...commonConfig.properties, ...schema.properties }), env) as ServiceConfig<S>;

/** The values that must appear nowhere: each secret, of a URL its password only, and of several keys each one. */
export const secretValues = (schema: ConfigSchema, config: Readonly<Record<string, unknown>>): string[] =>
  Object.entries({ ...commonConfig.properties, ...schema.properties }).flatMap(([name, property]) => {
    const value = config[name];
    if (!isSecret(property) || typeof value !== 'string') return [];
    if (!URL.canParse(value)) return value.includes(',') ? [value, ...value.split(',')] : [value];
    const { password } = new URL(value);
    return password === '' ? [] : [password, decode(password)];
  });

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded after all: the raw form is in the list already.
    return text;
  }
};

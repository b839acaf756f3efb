import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { AccessEntry, AccessTarget } from '@heavy/access';
import { faultOf } from '@heavy/contracts';
import { type Static, Type } from 'typebox';
import { Failed } from './command.ts';

const version = 1;

const strict = { additionalProperties: false };
const id = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER });
const time = Type.String({ format: 'date-time' });
const said = { by: id, since: time, until: Type.Optional(time), name: Type.Optional(Type.String()) };

const entrySchema = Type.Object(
  {
    kind: Type.Enum(['user', 'chat']),
    id,
    standing: Type.Enum(['blessed', 'banned', 'graced', 'smitten']),
    ...said,
  },
  strict,
);
const fileSchema = Type.Object(
  { version: Type.Literal(version), exportedAt: time, entries: Type.Array(entrySchema) },
  strict,
);

/** What is said of one user or chat. */
export interface AccessRow {
  target: AccessTarget;
  entry: AccessEntry;
}

const ofUsers = (standing: AccessEntry['standing']): boolean =>
  standing === 'blessed' || standing === 'banned';

/** What a schema does not say: standings are of users or of chats, and each has one. */
const contradictionIn = ({ entries }: Static<typeof fileSchema>): string | null => {
  const seen = new Set<string>();
  for (const [index, { kind, id, standing }] of entries.entries()) {
    if (ofUsers(standing) !== (kind === 'user')) return `/entries/${index} a ${kind} cannot be ${standing}`;
    if (seen.has(`${kind} ${id}`)) return `/entries/${index} ${kind} ${id} is there already`;
    seen.add(`${kind} ${id}`);
  }
  return null;
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

const jsonOf = (text: string, file: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failed(`${file} is not JSON.`, { cause });
  }
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Failed(`${file} cannot be read (${codeOf(cause)}).`, { cause });
  }
};

/**
 * Reads all that an export holds.
 * @throws {Failed} with the first fault of the file.
 */
export const readAccessFile = (file: string): AccessRow[] => {
  const value = jsonOf(textOf(file), file);
  const other = (value as { version?: unknown } | null)?.version;
  if (typeof other === 'number' && other !== version)
    throw new Failed(`${file} is of version ${other}, and version ${version} is known here.`);
  const read = value as Static<typeof fileSchema>;
  const fault = faultOf(fileSchema, value) ?? contradictionIn(read);
  if (fault) throw new Failed(`${file} is no export of access: ${fault}.`);
  return read.entries.map(({ kind, id, ...entry }) => ({ target: { kind, id }, entry }));
};

/** The text of an export. */
export const accessFileText = (rows: readonly AccessRow[]): string => {
  const entries = rows.map(({ target, entry }) => ({ ...target, ...entry }));
  return JSON.stringify({ version, exportedAt: new Date().toISOString(), entries }, null, 2);
};

/**
 * Writes an export; where it cannot be written whole, what was there before stays.
 * @throws {Failed}
 */
export const writeAccessFile = (file: string, text: string): void => {
  const unfinished = `${file}.${process.pid}.part`;
  try {
    // Names of people are in it.
    writeFileSync(unfinished, `${text}\n`, { mode: 0o600 });
    renameSync(unfinished, file);
  } catch (cause) {
    rmSync(unfinished, { force: true });
    throw new Failed(`${file} cannot be written (${codeOf(cause)}).`, { cause });
  }
};

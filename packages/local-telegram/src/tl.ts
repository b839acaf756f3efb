import bigInt, { type BigInteger } from 'big-integer';
import { BinaryReader } from 'telegram/extensions/index.js';
import { readBigIntFromBuffer, toSignedLittleBuffer } from 'telegram/Helpers.js';
import { Api, serializeBytes } from 'telegram/tl/index.js';

/** An object of the TL schema, in the classes of the client library: requests, results, updates, MTProto's own. */
export interface TlObject {
  readonly className: string;
  getBytes(): Buffer;
}

/** What a method may answer with. */
export type TlValue = TlObject | boolean | readonly TlValue[];

const vectorId = Buffer.from('15c4b51c', 'hex');
const trueId = Buffer.from('b5757299', 'hex');
const falseId = Buffer.from('379779bc', 'hex');

/** The reader gives null for a flag that is not set; the classes are declared with undefined. */
const withoutNulls = (value: unknown): void => {
  if (Array.isArray(value)) for (const item of value) withoutNulls(item);
  else if (value !== null && typeof value === 'object' && 'className' in value) {
    const fields = value as Record<string, unknown>;
    for (const [name, field] of Object.entries(fields)) {
      if (name === 'originalArgs') continue;
      if (field === null) fields[name] = undefined;
      else withoutNulls(field);
    }
  }
};

/**
 * Reads one object.
 * @throws where the constructor is not in the schema or the bytes end early.
 */
export const readTl = (bytes: Buffer): TlObject => {
  const value: unknown = new BinaryReader(bytes).tgReadObject();
  withoutNulls(value);
  return value as TlObject;
};

/** Writes an answer; vectors and Bool are no classes of the library and are written here. */
export const writeTl = (value: TlValue): Buffer => {
  if (typeof value === 'boolean') return value ? trueId : falseId;
  if (!('getBytes' in value)) {
    const count = Buffer.alloc(4);
    count.writeInt32LE(value.length);
    return Buffer.concat([vectorId, count, ...value.map(writeTl)]);
  }
  return value.getBytes();
};

/** TL `bytes`: length, content, padding to four. */
export const tlBytes = (bytes: Buffer): Buffer => serializeBytes(bytes);

/** A TL `long` of a number or a bigint. */
export const long = (value: number | bigint): BigInteger => bigInt(value.toString());

/** A TL `long` as a native bigint. */
export const nativeLong = (value: BigInteger): bigint => BigInt(value.toString());

/** A TL `long` that is known to fit a number, such as the id of a user or chat. */
export const idOf = (value: BigInteger): number => Number(value.toString());

/** An `int128` or `int256`, as the library holds it. */
export const bigFromBytes = (bytes: Buffer): BigInteger => readBigIntFromBuffer(bytes, true, true);

/** The `length` bytes of an `int128` or `int256`. */
export const bytesOfBig = (value: BigInteger, length: number): Buffer => toSignedLittleBuffer(value, length);

type Optional<T> = { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };
type Required<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] };

/** The same fields without those that are undefined: the library's classes take an optional field or none. */
export const present = <T extends object>(fields: T): Optional<T> & Required<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Optional<T> &
    Required<T>;

export { Api };

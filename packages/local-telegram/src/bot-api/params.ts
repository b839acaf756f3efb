import { badRequest } from './bot-api-error.ts';

const truths: ReadonlySet<string> = new Set(['true', 'yes', '1']);

/** The parameters of a call, by the names of the Bot API: each a string, or a value out of a JSON body. */
export class Params {
  #values: ReadonlyMap<string, unknown>;

  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values;
  }

  /** A structure as its JSON; empty where it is missing. */
  text(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return '';
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }

  /** Undefined where it is no integer. */
  integer(name: string): number | undefined {
    const text = this.text(name).trim();
    return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
  }

  flag(name: string): boolean {
    return truths.has(this.text(name).toLowerCase());
  }

  /**
   * A structure, from JSON; undefined where it is missing.
   * @throws {BotApiError} where it is no JSON, saying what could not be read.
   */
  structure(name: string, what: string): unknown {
    const value = this.#values.get(name);
    if (typeof value !== 'string') return value ?? undefined;
    if (value.trim() === '') return undefined;
    try {
      return JSON.parse(value);
    } catch {
      throw badRequest(`can't parse ${what} JSON object`);
    }
  }
}

/** A field of a structure; undefined where the structure is none or has no such field. */
export const fieldOf = (structure: unknown, name: string): unknown =>
  typeof structure === 'object' && structure !== null ? Reflect.get(structure, name) : undefined;

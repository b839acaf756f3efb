import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** So many characters of a secret in a row are its appearance; for a shorter one it takes all of it. */
const pieceLength = 12;

const pieces = (text: string): string[] =>
  Array.from({ length: Math.max(1, text.length - pieceLength + 1) }, (_, at) =>
    text.slice(at, at + pieceLength),
  );

/** Base64 depends on where in its three bytes it begins. */
const base64Of = (bytes: Buffer): string[] =>
  [0, 1, 2].flatMap((at) => {
    const whole = bytes.subarray(at, bytes.length - ((bytes.length - at) % 3));
    return [whole.toString('base64'), whole.toString('base64url')];
  });

/** How programs write bytes: base64, hexadecimal, and, without what stands between them, lists of numbers. */
const spellings = (secret: string | Buffer): string[] => {
  if (typeof secret === 'string') return [secret, ...base64Of(Buffer.from(secret))];
  const hex = secret.toString('hex');
  return [hex, hex.toUpperCase(), ...base64Of(secret)];
};

/** `[7, 255]`, `<Buffer 07 ff>` and `{"0":7,"1":255}` as hexadecimal digits. */
const numbersAsHex = (text: string): string[] => {
  const hexOf = (numbers: string[]) =>
    numbers.every((one) => Number(one) < 256) ? Buffer.from(numbers.map(Number)).toString('hex') : '';
  const lists = text.match(/\d{1,3}(?:,\s*(?:"\d+":\s*)?\d{1,3}){5,}/g) ?? [];
  const dumps = text.match(/\b[0-9a-f]{2}(?: [0-9a-f]{2}){5,}/g) ?? [];
  return [
    ...lists.map((list) => hexOf(list.split(',').map((one) => one.split(':').at(-1) ?? ''))),
    ...dumps.map((dump) => dump.replaceAll(' ', '')),
  ];
};

/** Looks for secrets in all that a program has left behind: texts by their characters, bytes in any of their spellings. */
export const createSecretSearch = () => {
  /** Piece of a spelling → the secret's name. */
  const known = new Map<string, string>();
  const short = new Map<string, string>();
  const raw = new Map<string, Buffer>();

  const inText = (text: string): string[] => {
    const found = new Set<string>();
    for (const [secret, name] of short) if (text.includes(secret)) found.add(name);
    // What is escaped in a text within a text is the same secret.
    const unescaped = text.replaceAll(/\\+([/"])/g, '$1');
    const words = unescaped.match(/[!-~]{12,}/g) ?? [];
    for (const word of [...words, ...numbersAsHex(unescaped)])
      for (let at = 0; at + pieceLength <= word.length; at++) {
        const name = known.get(word.slice(at, at + pieceLength));
        if (name !== undefined) found.add(name);
      }
    return [...found];
  };

  return {
    /** Bytes are looked for in all their spellings, and as they are. */
    add(name: string, secret: string | Buffer): void {
      for (const spelling of spellings(secret))
        if (spelling.length < pieceLength) short.set(spelling, name);
        else for (const piece of pieces(spelling)) known.set(piece, name);
      if (typeof secret !== 'string')
        for (let at = 0; at + pieceLength <= secret.length; at += 61)
          raw.set(`${name}, byte ${at}`, secret.subarray(at, at + pieceLength));
    },
    /** The names of those that are in it. */
    inText,
    /** Where they are, in all files under a folder: `gateway.log: api hash`. */
    async inFiles(folder: string): Promise<string[]> {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const found: string[] = [];
      for (const entry of entries.filter((one) => one.isFile())) {
        const file = join(entry.parentPath, entry.name);
        // Servers remove files of theirs as they go.
        const bytes = await readFile(file).catch(() => Buffer.alloc(0));
        const names = [...raw].flatMap(([name, piece]) => (bytes.includes(piece) ? [name] : []));
        for (const name of [...inText(bytes.toString('latin1')), ...names]) found.push(`${file}: ${name}`);
      }
      return found;
    },
  };
};

const mark = '[redacted]';

const secretKey =
  /session|token|passw(or)?d|passphrase|secret|apihash|apikey|accesskey|privatekey|phone|authorization|cookie|credential/;

/** Whether a property of this name holds something that no log may show: `apiHash`, `api_hash` and `API-HASH` alike. */
export const isSecretKey = (key: string): boolean =>
  secretKey.test(key.toLowerCase().replaceAll(/[_-]/g, ''));

/**
 * Patterns of secrets inside texts. They run over finished JSON lines too, so that none may match an unescaped quote or
 * half an escape sequence. Chat users decide what texts look like: each pattern takes linear time.
 */
const patterns: readonly (readonly [RegExp, string])[] = [
  // The user information of a URL: amqp://user:password@host, redis://:password@host.
  [/(:\/\/)(?:\\["\\]|[^\s"\\/?#])*@/g, `$1${mark}@`],
  // The token of a Telegram bot, also within https://api.telegram.org/bot<token>/.
  [/\d{1,20}:[\w-]{35,}/g, mark],
  [/(authorization\W{1,4}(?:(?:basic|bearer|digest)\s+)?)[^\s"'\\,]+/gi, `$1${mark}`],
  [/\b(bearer\s+)[\w.~+/-]{16,}=*/gi, `$1${mark}`],
  // name=value, in query strings and in prose.
  [
    /((?:token|secret|passw(?:or)?d|session|api_?hash|api_?key|access_?key|signature|phone)=)[^\s"'\\,;&}]+/gi,
    `$1${mark}`,
  ],
  // A Telegram session string is several hundred characters of base64.
  [/[A-Za-z0-9+/_-]{200,}={0,2}/g, mark],
];

/** Takes secrets out of what is about to be written. */
export interface Redactor {
  /** A text, or a finished line of JSON, which stays JSON. */
  text(text: string): string;
}

/** Shorter values would match innocent words: RabbitMQ's own `guest`. */
const shortestLiteral = 8;

/** @param secrets values that are taken out wherever they stand, as they are and as JSON escapes them. */
export const createRedactor = (secrets: readonly string[] = []): Redactor => {
  const literals = new Set(
    secrets
      .filter((secret) => secret.length >= shortestLiteral)
      .flatMap((secret) => [JSON.stringify(secret).slice(1, -1), secret]),
  );
  const ordered = [...literals].sort((a, b) => b.length - a.length);
  return {
    text(text) {
      let redacted = text;
      for (const literal of ordered) redacted = redacted.replaceAll(literal, mark);
      for (const [pattern, replacement] of patterns) redacted = redacted.replace(pattern, replacement);
      return redacted;
    },
  };
};

/** Takes the secrets that can be told by their form out of a text: URL credentials, bot tokens, session strings. */
export const redactText: (text: string) => string = createRedactor().text;

const deepest = 6;
const mostEntries = 100;
const longestText = 8192;

/**
 * Makes copies fit for a log line: secrets by key replaced, errors as objects with their causes, bounded in depth, breadth and
 * length, without cycles.
 */
export const createLoggable = (redactor: Redactor): ((value: unknown) => unknown) => {
  const copy = (value: unknown, above: readonly unknown[], depth: number): unknown => {
    if (typeof value === 'string') return value.length > longestText ? cut(value) : value;
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object' || value === null) return value;
    if (above.includes(value)) return '[circular]';
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Date || value instanceof URL) return value.toJSON();
    if (depth >= deepest) return Array.isArray(value) ? '[array]' : '[object]';
    const path = [...above, value];
    if (value instanceof Error) return copyError(value, path, depth);
    if (Array.isArray(value)) return value.slice(0, mostEntries).map((one) => copy(one, path, depth + 1));
    if (value instanceof Set) return copy([...value], path, depth);
    if (value instanceof Map) return copyEntries(Object.fromEntries(value), path, depth);
    return copyEntries(value, path, depth);
  };

  /** Redacted before it is cut: nobody would know the first half of a secret again. */
  const cut = (text: string): string =>
    `${redactor.text(text).slice(0, longestText)}… (${text.length} characters)`;

  const copyEntries = (value: object, path: readonly unknown[], depth: number): Record<string, unknown> => {
    const result: Record<string, unknown> = {};
    for (const [key, one] of Object.entries(value).slice(0, mostEntries)) {
      const hide = isSecretKey(key) && one !== null && one !== undefined && typeof one !== 'boolean';
      result[key] = hide ? mark : copy(one, path, depth + 1);
    }
    return result;
  };

  /** `message`, `stack` and `cause` are not enumerable, so they are named; what an error carries besides comes along. */
  const copyError = (error: Error, path: readonly unknown[], depth: number): Record<string, unknown> => ({
    ...copyEntries(error, path, depth),
    type: error.name,
    message: copy(error.message, path, depth),
    stack: copy(error.stack, path, depth),
    ...(error.cause === undefined ? {} : { cause: copy(error.cause, path, depth + 1) }),
    ...(error instanceof AggregateError ? { errors: copy(error.errors, path, depth + 1) } : {}),
  });

  return (value) => copy(value, [], 0);
};

/** How an origin serves one request for a file; by itself it serves all of it, as fast as it goes. */
export interface Manners {
  readonly bytesPerSecond?: number;
  /** Bytes of a response after which its connection is cut. */
  readonly cutAfter?: number;
  readonly refusal?: { readonly status: 429 | 503; readonly retryAfter?: string };
  /** False: a Range header is ignored. */
  readonly ranges: boolean;
  /** How often the file has become another one, as long as before. */
  readonly edition: number;
  readonly validators: Readonly<Record<string, string>>;
}

/** Positive numbers only. */
const numberOf = (query: URLSearchParams, name: string): number | undefined => {
  const value = Number(query.get(name) ?? Number.NaN);
  return value > 0 ? value : undefined;
};

const validatorsOf = (which: string, edition: number): Record<string, string> => {
  const tag = `"edition-${edition}"`;
  const etag = which === 'weak' ? `W/${tag}` : tag;
  const modified = new Date(Date.UTC(2026, 0, 1, 0, edition)).toUTCString();
  return {
    ...(['both', 'etag', 'weak'].includes(which) ? { etag } : {}),
    ...(['both', 'modified'].includes(which) ? { 'last-modified': modified } : {}),
  };
};

/**
 * Reads them from an address, for its `nth` request, from 1: `rate` and `cut` in bytes; `busy=3` refuses each third request
 * with 429, `down=3` with 503, and `after` is their Retry-After; `ranges=no`; `changes=3` makes it another file after each
 * three requests; `validators` is `both`, `etag`, `weak`, `modified` or `none`. `edited` counts changes by hand.
 */
export const mannersOf = (query: URLSearchParams, nth: number, edited = 0): Manners => {
  const each = (name: string): boolean => nth % (numberOf(query, name) ?? Number.NaN) === 0;
  const [bytesPerSecond, cutAfter, changes] = ['rate', 'cut', 'changes'].map((name) => numberOf(query, name));
  const retryAfter = query.get('after');
  const status = each('busy') ? 429 : each('down') ? 503 : undefined;
  const edition = edited + (changes === undefined ? 0 : Math.floor((nth - 1) / changes));
  return {
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(cutAfter === undefined ? {} : { cutAfter }),
    ...(status === undefined
      ? {}
      : { refusal: { status, ...(retryAfter === null ? {} : { retryAfter }) } as const }),
    ranges: query.get('ranges') !== 'no',
    edition,
    validators: validatorsOf(query.get('validators') ?? 'both', edition),
  };
};

/** True where an If-Range header lets the range be sent: there is none, or it is exactly the file's (RFC 9110, 13.1.5). */
export const rangeApplies = (
  ifRange: string | undefined,
  { validators: { etag, 'last-modified': modified } }: Manners,
): boolean =>
  ifRange === undefined ||
  (ifRange.startsWith('"') || ifRange.startsWith('W/')
    ? ifRange === etag && !ifRange.startsWith('W/')
    : ifRange === modified);

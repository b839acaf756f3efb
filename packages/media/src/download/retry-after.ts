const longestS = 24 * 3600;

/**
 * Seconds that a Retry-After header asks for, as a number or a date (RFC 9110, 10.2.3): at most a day; undefined where it is
 * neither.
 */
export const retryAfterSeconds = (header: string, now = Date.now()): number | undefined => {
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : Math.ceil((Date.parse(header) - now) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), longestS);
};

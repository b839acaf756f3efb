const units = [
  { letter: 'w', seconds: 7 * 86_400 },
  { letter: 'd', seconds: 86_400, noun: 'day' },
  { letter: 'h', seconds: 3600, noun: 'hour' },
  { letter: 'm', seconds: 60, noun: 'minute' },
  { letter: 's', seconds: 1, noun: 'second' },
];

/** Ten years of 365 days. Whoever means longer means for ever. */
const longestS = 10 * 365 * 86_400;

const pattern = new RegExp(`^${units.map(({ letter }) => `(?:(\\d+)${letter})?`).join('')}$`, 'i');

/**
 * Seconds of `90s`, `15m`, `1h`, `30d`, `2w` or a combination such as `1d12h`, in letters of either case. Null for anything
 * else: without a unit, units twice or not from the largest to the smallest, nothing, zero, more than ten years.
 */
export const parseDuration = (text: string): number | null => {
  const counts = pattern.exec(text)?.slice(1);
  if (!counts) return null;
  const seconds = units.reduce((sum, unit, index) => sum + Number(counts[index] ?? 0) * unit.seconds, 0);
  return seconds > 0 && seconds <= longestS ? seconds : null;
};

/** `1 hour 30 minutes`, in days at most; from an hour on to the nearest minute, below that to the nearest second. */
export const durationText = (seconds: number): string => {
  const step = seconds < 3600 ? 1 : 60;
  let rest = Math.round(seconds / step) * step;
  const parts: string[] = [];
  for (const { seconds: length, noun } of units) {
    if (noun === undefined) continue;
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count} ${noun}${count === 1 ? '' : 's'}`);
  }
  return parts.join(' ') || '0 seconds';
};

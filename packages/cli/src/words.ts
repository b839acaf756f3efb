const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `12.3 MB`, decimal. */
export const sizeText = (bytes: number): string => {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
};

const two = (value: number): string => String(value).padStart(2, '0');

/** `1:02:03`, `0:07`; empty where it is not known. */
export const durationText = (seconds: number | undefined): string => {
  if (seconds === undefined) return '';
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};

/** Local time to the minute: `2026-11-21 03:51`; empty where there is none. */
export const timeText = (date: Date | undefined): string =>
  date === undefined
    ? ''
    : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;

/** `1 object`, `2 objects`. */
export const countText = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

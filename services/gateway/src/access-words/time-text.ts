import { durationText } from '@heavy/access';

/** `21 Dec 2026, 10:00 UTC` of an ISO 8601 time. */
const dateText = (iso: string): string => {
  const [, date, time] = /^\w+, 0?(.+ \d+) (\d+:\d+)/.exec(new Date(iso).toUTCString()) ?? [];
  return `${date}, ${time} UTC`;
};

/** From two days on to the nearest hour: nobody counts the minutes of a month. */
const lengthText = (seconds: number): string =>
  durationText(seconds < 2 * 86_400 ? seconds : Math.round(seconds / 3600) * 3600);

/** `until 21 Dec 2026, 10:00 UTC (30 days)`: the end of what lasts for so many seconds. */
export const untilText = (until: string, seconds: number): string =>
  `until ${dateText(until)} (${lengthText(Math.max(1, Math.round(seconds)))})`;

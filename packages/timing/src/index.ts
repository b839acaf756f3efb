export { backoffMs, sleep, untilAborted, within } from './timing.ts';

import type { Site } from './site.ts';
import { x } from './x.ts';
import { youtube } from './youtube.ts';

/** Sites whose URLs of one medium differ in more than tracking parameters. */
export const sites: readonly Site[] = [youtube, x];

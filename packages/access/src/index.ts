export { type Access, type AccessChange, type Changed, createAccess } from './access.ts';
export type { AccessEntry, AccessTarget } from './access-entry.ts';
export { type AccessWord, accessWords } from './access-word.ts';
export type { AuditOptions, AuditRecord } from './audit.ts';
export { durationText, parseDuration } from './duration.ts';
export { type OpenTo, openTo, type Standing, type StandingFacts, standingOf } from './standing.ts';

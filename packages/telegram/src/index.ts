export * from './account.ts';
export * from './create-account.ts';
export * from './errors.ts';
export * from './logger.ts';
export * from './peer-store.ts';
export * from './random-id.ts';
export * from './redis-update-store.ts';
export { type LoggedIn, type LogInMethod, type LogInOptions, logIn } from './session/log-in.ts';
export { LogInFailed } from './session/log-in-failed.ts';
export type { CodeSentBy, LogInPrompts } from './session/log-in-prompts.ts';
export {
  isSealed,
  isSealedBotToken,
  newSessionKey,
  openBotToken,
  openSession,
  parseSessionKey,
  type SessionKey,
  SessionUnreadable,
  sealBotToken,
  sealedWith,
  sealSession,
  sessionKeyId,
} from './session/sealed-session.ts';
export { sessionFingerprint } from './session/session-fingerprint.ts';
export * from './session-lease.ts';
export * from './session-refusal.ts';
export * from './session-status.ts';
export * from './session-terms.ts';
export * from './settings.ts';

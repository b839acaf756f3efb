export * from './account.ts';
export * from './create-account.ts';
export * from './errors.ts';
export * from './logger.ts';
export * from './peer-store.ts';
export * from './random-id.ts';
export * from './settings.ts';

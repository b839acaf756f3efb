export * from './envelope.ts';
export { type Examples, examples } from './examples.ts';
export * from './failures.ts';
export * from './logs.ts';
export * from './media.ts';
export * from './redis-keys.ts';
export * from './telegram.ts';
export * from './topology.ts';
export * from './validation.ts';

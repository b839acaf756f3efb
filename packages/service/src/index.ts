export type { Logger } from 'pino';
export { type ConfigFault, ConfigInvalid, exitCodeConfig, loadConfig } from './config.ts';
export {
  type CommonConfig,
  type ConfigRow,
  type ConfigSchema,
  commonConfig,
  describeConfig,
  parsed,
  type ServiceConfig,
  secret,
} from './config-schema.ts';
export type { Check, CheckResult } from './health.ts';
export { redactText } from './redaction.ts';
export { runService, type Service } from './run-service.ts';

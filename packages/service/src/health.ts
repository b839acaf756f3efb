import { within } from '@heavy/timing';
import { redactText } from './redaction.ts';

export interface CheckResult {
  ok: boolean;
  detail?: string;
  /** Of one that does not hold: nothing can be done until somebody has mended it, as without RabbitMQ or Redis. */
  fatal?: boolean;
  /** Of one that does not hold: somebody should know it, while the service does its work and stays ready. */
  serving?: boolean;
}
export type Check = () => CheckResult | Promise<CheckResult>;

/**
 * `ok`: every check holds. `degraded`: one of the service's own does not. `unhealthy`: RabbitMQ or Redis is away, or a check
 * failed for good, and nothing can be done.
 */
export type HealthStatus = 'ok' | 'degraded' | 'unhealthy';

export interface Health {
  status: HealthStatus;
  /** Whether the service can do its work: nothing fails, but for what leaves it serving. */
  ready: boolean;
  checks: Record<string, CheckResult>;
}

export interface HealthChecks {
  /** @throws {Error} where the name is taken. */
  add(name: string, check: Check, options?: { essential: boolean }): void;
  /** Runs all checks, at the same time, and gives each of them two seconds. */
  run(): Promise<Health>;
}

const deadlineMs = 2000;

const resultOf = async (check: Check): Promise<CheckResult> => {
  try {
    return await within(
      Promise.resolve().then(() => check()),
      deadlineMs,
      () => new Error(`no answer within ${deadlineMs} ms`),
    );
  } catch (error) {
    return { ok: false, detail: redactText(error instanceof Error ? error.message : String(error)) };
  }
};

/** What /health and /ready are made of. */
export const createHealthChecks = (): HealthChecks => {
  const checks = new Map<string, { check: Check; essential: boolean }>();
  return {
    add(name, check, { essential } = { essential: false }) {
      if (checks.has(name)) throw new Error(`there is a check "${name}" already: give this one another name`);
      checks.set(name, { check, essential });
    },
    async run() {
      const results = await Promise.all(
        [...checks].map(async ([name, { check, essential }]) => ({
          name,
          essential,
          result: await resultOf(check),
        })),
      );
      const failed = results.filter(({ result }) => !result.ok);
      const status = failed.some(({ essential, result }) => essential || result.fatal)
        ? 'unhealthy'
        : failed.length > 0
          ? 'degraded'
          : 'ok';
      const ready = failed.every(({ essential, result }) => result.serving && !result.fatal && !essential);
      const shown = ({ ok, detail, fatal }: CheckResult): CheckResult => ({
        ...{ ok, ...(detail === undefined ? {} : { detail }) },
        ...(fatal && !ok ? { fatal } : {}),
      });
      return {
        status,
        ready,
        checks: Object.fromEntries(results.map(({ name, result }) => [name, shown(result)])),
      };
    },
  };
};

import { afterEach, describe, expect, it, vi } from 'vitest';
import { createHealthChecks } from './health.ts';

describe('createHealthChecks', () => {
  afterEach(() => void vi.useRealTimers());

  it('is ok while all hold, degraded without one of its own, unhealthy without an essential one', async () => {
    const health = createHealthChecks();
    const holds = { own: true, essential: true };
    health.add('own', () => ({ ok: holds.own }));
    health.add('essential', async () => ({ ok: holds.essential, detail: 'why' }), { essential: true });
    expect((await health.run()).status).toBe('ok');
    holds.own = false;
    expect((await health.run()).status).toBe('degraded');
    holds.essential = false;
    expect(await health.run()).toEqual({
      status: 'unhealthy',
      ready: false,
      checks: { own: { ok: false }, essential: { ok: false, detail: 'why' } },
    });
  });

  it('is unhealthy where one of its own fails for good', async () => {
    const health = createHealthChecks();
    health.add('own', () => ({ ok: false, fatal: true, detail: 'why' }));
    expect(await health.run()).toEqual({
      status: 'unhealthy',
      ready: false,
      checks: { own: { ok: false, fatal: true, detail: 'why' } },
    });
  });

  it('is degraded and ready where what fails leaves the service serving', async () => {
    const health = createHealthChecks();
    const holds = { own: true };
    health.add('alarm', () => ({ ok: false, serving: true, detail: 'why' }));
    health.add('own', () => ({ ok: holds.own }));
    expect(await health.run()).toMatchObject({ status: 'degraded', ready: true });
    holds.own = false;
    expect(await health.run()).toMatchObject({ status: 'degraded', ready: false });
  });

  it('takes a throw for a failure, without its secrets', async () => {
    const health = createHealthChecks();
    health.add('own', () => {
      throw new Error('amqp://u:canary@host');
    });
    expect((await health.run()).checks['own']).toEqual({ ok: false, detail: 'amqp://[redacted]@host' });
  });

  it('does not wait for a check that does not answer', async () => {
    vi.useFakeTimers();
    const health = createHealthChecks();
    health.add('own', () => new Promise(() => undefined));
    const result = health.run();
    await vi.advanceTimersByTimeAsync(2000);
    expect((await result).checks['own']).toEqual({ ok: false, detail: 'no answer within 2000 ms' });
  });

  it('refuses a second check of the same name', () => {
    const health = createHealthChecks();
    health.add('own', () => ({ ok: true }));
    expect(() => health.add('own', () => ({ ok: true }))).toThrow(/another name/);
  });
});

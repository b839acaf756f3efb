import type { UpdatesStatus } from '@heavy/telegram';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createGatewayMetrics } from './metrics.ts';

describe('createGatewayMetrics', () => {
  it('counts commands as they come, and looks at the session when it is asked', async () => {
    const registry = new Registry();
    const session: { isOwner: boolean; updates: UpdatesStatus | undefined } = {
      isOwner: false,
      updates: undefined,
    };
    const metrics = createGatewayMetrics(registry, session);
    metrics.dispatched(0.002);
    metrics.refused('age');
    const lines = async () => (await registry.metrics()).split('\n');
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'heavy_gateway_dispatch_seconds_count 1',
        'heavy_gateway_refused_total{reason="age"} 1',
        'heavy_gateway_refused_total{reason="standing"} 0',
        'heavy_gateway_session_owner 0',
        'heavy_gateway_updates_pending 0',
      ]),
    );
    session.isOwner = true;
    session.updates = { pending: 3, lagMs: 1500, catchingUp: true, gaps: 2, repeats: 4 };
    await lines();
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'heavy_gateway_session_owner 1',
        'heavy_gateway_updates_pending 3',
        'heavy_gateway_update_lag_seconds 1.5',
        'heavy_gateway_update_gaps_total 2',
        'heavy_gateway_update_repeats_total 4',
      ]),
    );
  });
});

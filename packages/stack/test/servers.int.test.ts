import { describe, expect, inject, it } from 'vitest';
import { createVhost } from '@heavy/stack';

describe('createVhost', () => {
  it('makes a virtual host that can be dropped', async () => {
    const vhost = await createVhost(inject('rabbitmq'));
    await vhost.drop();
    await expect(vhost.drop()).rejects.toThrow(/404/);
    console.log(inject('s3'), inject('tools'));
  });
});

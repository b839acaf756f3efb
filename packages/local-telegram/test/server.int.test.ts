import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startLocalTelegram } from '../src/index.ts';
import { closeClient, gramClient } from './client.ts';

/** What the server sends back to these bytes, until it falls silent or closes. */
const firstAnswer = async (port: number, bytes: Buffer): Promise<Buffer | null> => {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(bytes);
  const answer = await Promise.race([
    once(socket, 'data').then(([data]) => data as Buffer),
    once(socket, 'close').then(() => null),
  ]);
  socket.destroy();
  return answer;
};

const intermediate = (payload: Buffer): Buffer => {
  const head = Buffer.from('eeeeeeee00000000', 'hex');
  head.writeUInt32LE(payload.length, 4);
  return Buffer.concat([head, payload]);
};

describe('startLocalTelegram', () => {
  it('starts again with a key that it is given', async () => {
    const first = await startLocalTelegram();
    await first.close();
    const second = await startLocalTelegram({ privateKeyPem: first.privateKeyPem });
    await second.close();
    expect(second.endpoint.publicKeyPem).toBe(first.endpoint.publicKeyPem);
    expect(first.endpoint.publicKeyPem).toContain('BEGIN RSA PUBLIC KEY');
  });

  it('tells a client with a key that it does not know so, and closes on what is no MTProto', async () => {
    const errors: unknown[] = [];
    const dc = await startLocalTelegram({ onError: (error) => errors.push(error) });
    try {
      const unknown = await firstAnswer(dc.endpoint.port, intermediate(Buffer.alloc(56, 7)));
      expect(unknown?.readInt32LE(4)).toBe(-404);
      expect(await firstAnswer(dc.endpoint.port, Buffer.alloc(80, 'GET / HTTP/1.1'))).toBeNull();
      expect(errors.map(String)).toEqual([expect.stringContaining('FramingError')]);
      dc.world.addUser('alice');
      const client = gramClient(dc, dc.world.mintSession('alice'));
      await client.connect();
      expect((await client.getMe()).username).toBe('alice');
      await closeClient(client);
    } finally {
      await dc.close();
    }
  });

  it('forgets the keys of an account', async () => {
    const dc = await startLocalTelegram();
    dc.world.addUser('alice');
    const session = dc.world.mintSession('alice');
    const keyId = createHash('sha1')
      .update(Buffer.from(session.slice(1), 'base64').subarray(-256))
      .digest()
      .subarray(12);
    const knocks = () =>
      firstAnswer(dc.endpoint.port, intermediate(Buffer.concat([keyId, Buffer.alloc(48)])));
    try {
      expect(await knocks()).toBeNull();
      dc.forgetKeys('alice');
      expect((await knocks())?.readInt32LE(4)).toBe(-404);
    } finally {
      await dc.close();
    }
  });

  it('listens no more when it has closed', async () => {
    const dc = await startLocalTelegram();
    await dc.close();
    const refused = once(connect(dc.endpoint.port, '127.0.0.1'), 'error');
    expect((await refused)[0]).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('lets its process end when it has closed, though somebody waits for a message', async () => {
    const script = `
      import { startLocalTelegram } from '${new URL('../src/index.ts', import.meta.url)}';
      const dc = await startLocalTelegram();
      dc.world.addUser('alice');
      const waiting = dc.world.addGroup('Film club', { members: ['alice'] }).nextMessage({ timeoutMs: 600_000 });
      await dc.close();
      process.stdout.write(await waiting.catch((error) => error.message));
    `;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 30_000,
    });
    expect((await run).stdout).toContain('closed while a message was waited for');
  });
});

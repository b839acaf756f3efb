import { once } from 'node:events';
import { connect } from 'node:net';
import { CustomFile } from 'telegram/client/uploads.js';
import { Api } from 'telegram/tl/index.js';
import { describe, expect, it } from 'vitest';
import { sha1 } from '../src/crypto/hash.ts';
import { seal, unseal } from '../src/crypto/message-keys.ts';
import { readHeader } from '../src/session/encrypted-message.ts';
import { int32, int64 } from '../src/session/wire.ts';
import { long } from '../src/tl.ts';
import { closeClient } from './client.ts';
import { eventually, localTelegram } from './fixture.ts';

describe('ping_delay_disconnect', () => {
  const telegram = localTelegram();

  /** A client that sends pings when it is told, and nothing else. */
  const pinger = async () => {
    const key = Buffer.from(telegram.world.mintSession('bob').slice(1), 'base64').subarray(-256);
    const socket = connect(telegram.dc.endpoint.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(Buffer.from('eeeeeeee', 'hex'));
    let [salt, count] = [0n, 0];
    const ping = async (disconnectDelay: number) => {
      const body = new Api.PingDelayDisconnect({ pingId: long(1), disconnectDelay }).getBytes();
      const id = (BigInt(Math.floor(Date.now() / 1000)) << 32n) + BigInt(++count * 4);
      const plain = Buffer.concat([
        int64(salt),
        int64(5n),
        int64(id),
        int32(count * 2),
        int32(body.length),
        body,
      ]);
      const sealed = Buffer.concat([sha1(key).subarray(12), seal(key, plain, 'client')]);
      socket.write(Buffer.concat([int32(sealed.length), sealed]));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return readHeader(unseal(key, answer.subarray(12, 4 + answer.readInt32LE(0)), 'server')!).body;
    };
    // The first is answered with the right salt.
    salt = (await ping(0)).readBigInt64LE(20);
    const openedAt = performance.now();
    const closed = once(socket, 'close').then(() => performance.now() - openedAt);
    return { ping, closed };
  };

  it('closes the connection of a client that pings no more', async () => {
    const { ping, closed } = await pinger();
    await ping(1);
    expect(await closed).toBeGreaterThan(990);
  });

  it('counts from the last such ping', async () => {
    const { ping, closed } = await pinger();
    await ping(1);
    await ping(2);
    expect(await closed).toBeGreaterThan(1990);
  });
});

describe('overlaps', () => {
  const telegram = localTelegram();
  const state = new Api.updates.GetState();

  it('are calls over one connection of a session while another is open', async () => {
    const session = telegram.world.mintSession('bob');
    const [one, two] = [telegram.open(session), telegram.open(session)];
    await one.connect();
    await one.invoke(state);
    await two.connect();
    await two.invoke(state);
    const call = { account: 'bob', at: expect.closeTo(Date.now(), -4) };
    const both = [
      { ...call, method: 'help.GetConfig' },
      { ...call, method: 'updates.GetState' },
    ];
    await eventually(() => expect(telegram.dc.overlaps).toEqual(both));
    await closeClient(two);
    await one.invoke(state);
    await one.invoke(state);
    expect(telegram.dc.overlaps).toEqual(both);
  });

  it('are not seen where one ends before the next begins, at connections for files, or between two log-ins', async () => {
    const session = telegram.world.mintSession('bob');
    const other = await telegram.connect('bob');
    for (let i = 0; i < 5; i++) {
      const client = telegram.open(session);
      await client.connect();
      await client.sendFile('alice', { file: new CustomFile('a', 3, '', Buffer.from('abc')) });
      await closeClient(client);
    }
    const client = telegram.open(session);
    await client.connect();
    telegram.dc.dropConnections();
    await client.invoke(state);
    await other.invoke(state);
    expect(telegram.dc.overlaps).toEqual([]);
  });
});

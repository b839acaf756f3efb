import { randomBytes } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type EgressGate,
  type EgressProxy,
  type EgressProxyOptions,
  startEgressProxy,
} from '../src/index.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn() };
const refused = vi.fn<(host: string, reason: string) => void>();
/** What the origin was asked for. */
let seen: { url: string | undefined; headers: IncomingMessage['headers'] }[] = [];
let origin: LoopbackServer;
let canary: LoopbackServer;
let proxy: EgressProxy;
let gate: EgressGate;

/** Public unicast by its range, and not given out: nobody is there. */
const nobody: LookupAddress = { address: '3000::1', family: 6 };
const loopback: LookupAddress = { address: '127.0.0.1', family: 4 };

const start = async (options: Partial<EgressProxyOptions> = {}): Promise<void> => {
  await proxy?.close();
  proxy = await startEgressProxy({ allowHosts: [`127.0.0.1:${origin.port}`], log, ...options });
  gate = proxy.open(refused);
};

beforeEach(async () => {
  vi.clearAllMocks();
  seen = [];
  origin = await startLoopbackServer(({ url, headers }, response) => {
    seen.push({ url, headers });
    if (url === '/endless') return void endless(response);
    if (url === '/large') return void response.setHeader('content-length', large.length).end(large);
    if (url === '/chunked') return void Readable.from(piecesOf(large)).pipe(response);
    response.end('from the origin');
  });
  canary = await startLoopbackServer((_request, response) => void response.end('from the canary'));
  await start();
});
afterEach(async () => {
  await proxy.close();
  await origin.stop();
  await canary.stop();
});

const endless = (response: { write(chunk: Buffer): boolean; on(event: 'drain', then: () => void): void }) => {
  const more = (): void => {
    while (response.write(Buffer.alloc(64 * 1024)));
  };
  response.on('drain', more);
  more();
};

const large = randomBytes(8_000_000);

/** Of all lengths, so that nothing falls together with what a socket reads at once. */
const piecesOf = function* (bytes: Buffer) {
  for (let at = 0, length = 1; at < bytes.length; at += length, length = (length * 7) % 99_991)
    yield bytes.subarray(at, at + length);
};

const authorization = (url: string): string => {
  const { username, password } = new URL(url);
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
};

const ask = (
  { method = 'GET', target, url = gate.url }: { method?: string; target: string; url?: string },
  agent?: Agent,
) => {
  const { hostname: host, port, username } = new URL(url);
  return request({
    ...{ method, host, port, path: target, agent: agent ?? false },
    headers: username === '' ? {} : { 'proxy-authorization': authorization(url) },
  });
};

const get = async (target: string, url = gate.url, agent?: Agent) => {
  const asking = ask({ target, url }, agent).end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response), reused: asking.reusedSocket };
};

const tunnel = async (target: string, url = gate.url): Promise<{ status?: number; socket: Socket }> => {
  const asking = ask({ method: 'CONNECT', target, url }).end();
  const [response, socket] = (await once(asking, 'connect')) as [IncomingMessage, Socket];
  socket.on('error', () => {});
  return { status: response.statusCode!, socket };
};

const loopbackHosts = [
  ...['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', '[0:0::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
  ...[
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
  ],
  ...['0177.0.0.1', '127.1', '127.0.0.1.', '0.0.0.0', '0', '%31%32%37.1', 'user@127.0.0.1'],
];

describe('startEgressProxy', () => {
  it('passes requests on to what is allowed, and keeps the credentials to itself', async () => {
    const { status, body } = await get(`http://127.0.0.1:${origin.port}/x?y`);
    expect({ status, body }).toEqual({ status: 200, body: 'from the origin' });
    expect(seen).toMatchObject([{ url: '/x?y' }]);
    expect(JSON.stringify(seen)).not.toMatch(/proxy-auth|basic/i);
    expect(gate.bytes()).toBeGreaterThan('from the origin'.length);
    expect(refused).not.toHaveBeenCalled();
  });

  it('carries a tunnel to what is allowed, and counts its bytes while it is open and after', async () => {
    const { status, socket } = await tunnel(`127.0.0.1:${origin.port}`);
    expect(status).toBe(200);
    socket.write('GET / HTTP/1.1\r\nhost: origin\r\n\r\n');
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString('latin1')).toContain('from the origin');
    const received = gate.bytes();
    expect(received).toBeGreaterThanOrEqual(chunk.length);
    socket.destroy();
    await vi.waitFor(() => expect(origin.open()).toBe(0));
    expect(gate.bytes()).toBe(received);
  });

  it.each(['/large', '/chunked'])('passes %s on unchanged to who reads slowly', async (path) => {
    const asking = ask({ target: `http://127.0.0.1:${origin.port}${path}` }).end();
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    const read: Buffer[] = [];
    for await (const chunk of response) {
      read.push(chunk);
      await setImmediate();
    }
    expect(Buffer.concat(read).equals(large)).toBe(true);
  });

  it('carries much through a tunnel unchanged to who reads slowly', async () => {
    const { socket } = await tunnel(`127.0.0.1:${origin.port}`);
    socket.write('GET /large HTTP/1.1\r\nhost: origin\r\nconnection: close\r\n\r\n');
    const read: Buffer[] = [];
    for await (const chunk of socket) {
      read.push(chunk);
      await setImmediate();
    }
    expect(Buffer.concat(read).subarray(-large.length).equals(large)).toBe(true);
  });

  it.each(loopbackHosts)('refuses loopback as http://%s', async (host) => {
    const { status, body } = await get(`http://${host}:${canary.port}/`);
    expect({ status, body }).toEqual({ status: 400, body: 'Destination refused' });
    expect(refused).toHaveBeenCalledExactlyOnceWith(
      expect.any(String),
      expect.stringContaining('not public'),
    );
    expect(canary.connections).toBe(0);
  });

  it.each(loopbackHosts)('refuses a tunnel to %s', async (host) => {
    const { status } = await tunnel(`${host}:${canary.port}`);
    expect(status).toBe(400);
    expect(refused).toHaveBeenCalledOnce();
    expect(canary.connections).toBe(0);
  });

  it.each([
    ['loopback', [loopback]],
    ['IPv6 loopback', [{ address: '::1', family: 6 }]],
    ['the metadata service of a cloud', [{ address: '169.254.169.254', family: 4 }]],
    ['a mapped address', [{ address: '::ffff:127.0.0.1', family: 6 }]],
    ['a public address and a private one', [nobody, { address: '10.0.0.1', family: 4 }]],
    ['a private address and a public one', [{ address: 'fd00::1', family: 6 }, nobody]],
  ])('refuses a name that resolves to %s', async (_name, addresses) => {
    await start({ lookup: async () => addresses });
    expect((await get(`http://media.example:${canary.port}/`)).status).toBe(400);
    expect((await tunnel(`media.example:${canary.port}`)).status).toBe(400);
    expect(refused.mock.calls.map(([host]) => host)).toEqual(['media.example', 'media.example']);
    expect(canary.connections).toBe(0);
  });

  it('looks a name up once for a request, so that it cannot change after it is checked', async () => {
    const answers = [nobody, loopback, nobody, loopback];
    const lookup = vi.fn(async () => [answers.shift()!]);
    await start({ lookup });
    const first = [
      ask({ target: `http://media.example:${canary.port}/` })
        .on('error', () => {})
        .end(),
    ];
    await vi.waitFor(() => expect(lookup).toHaveBeenCalledTimes(1));
    expect((await get(`http://media.example:${canary.port}/`)).status).toBe(400);
    first.push(
      ask({ method: 'CONNECT', target: `media.example:${canary.port}` })
        .on('error', () => {})
        .end(),
    );
    await vi.waitFor(() => expect(lookup).toHaveBeenCalledTimes(3));
    expect((await tunnel(`media.example:${canary.port}`)).status).toBe(400);
    expect(lookup).toHaveBeenCalledTimes(4);
    expect(canary.connections).toBe(0);
    for (const asking of first) asking.destroy();
  });

  it('connects to the answer that it checked', async () => {
    const lookup = vi.fn(async () => [loopback]);
    await start({ lookup, allowHosts: [`media.example:${origin.port}`] });
    expect((await get(`http://media.example:${origin.port}/`)).body).toBe('from the origin');
    const { status, socket } = await tunnel(`MEDIA.example:${origin.port}`);
    expect(status).toBe(200);
    socket.destroy();
    expect(lookup.mock.calls).toEqual([['media.example'], ['media.example']]);
  });

  it('checks each request of a connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await get(`http://127.0.0.1:${origin.port}/`, gate.url, agent)).status).toBe(200);
    const second = await get(`http://127.0.0.1:${canary.port}/`, gate.url, agent);
    expect(second).toMatchObject({ status: 400, reused: true });
    agent.destroy();

    const { hostname, port } = new URL(gate.url);
    const pipelined = connect(Number(port), hostname);
    for (const to of [origin.port, canary.port, origin.port])
      pipelined.write(
        `GET http://127.0.0.1:${to}/ HTTP/1.1\r\nhost: x\r\nproxy-authorization: ${authorization(gate.url)}\r\n\r\n`,
      );
    await text(pipelined);
    expect(refused).toHaveBeenCalledTimes(2);
    expect(canary.connections).toBe(0);
  });

  it('goes by the URL, whatever the Host header says', async () => {
    const { hostname, port } = new URL(gate.url);
    const client = connect(Number(port), hostname);
    client.write(
      `GET http://127.0.0.1:${canary.port}/ HTTP/1.1\r\nhost: 127.0.0.1:${origin.port}\r\nproxy-authorization: ${authorization(gate.url)}\r\n\r\n`,
    );
    expect(await text(client)).toMatch(/^HTTP\/1.1 400 /);
    expect(canary.connections).toBe(0);
  });

  it('lets nobody through without the credentials of an open gate', async () => {
    const { host, username } = new URL(gate.url);
    const other = proxy.open(refused);
    other.close();
    for (const url of [
      ...[`http://${host}`, `http://${username}:wrong@${host}`, `http://${username}@${host}`],
      ...[`http://x:${new URL(gate.url).password}@${host}`, other.url],
    ]) {
      expect((await get(`http://127.0.0.1:${origin.port}/`, url)).status).toBe(407);
      expect((await tunnel(`127.0.0.1:${origin.port}`, url)).status).toBe(407);
    }
    expect(origin.connections).toBe(0);
    expect(refused).not.toHaveBeenCalled();
  });

  it('gives each gate credentials of its own, and tells each of its own refusals', async () => {
    const others = vi.fn<() => void>();
    const other = proxy.open(others);
    expect(other.url).not.toBe(gate.url);
    await get(`http://localhost:${canary.port}/`);
    expect(refused).toHaveBeenCalledOnce();
    expect(others).not.toHaveBeenCalled();
    gate.close();
    expect((await get(`http://127.0.0.1:${origin.port}/`, other.url)).status).toBe(200);
    expect(gate.bytes()).toBe(0);
  });

  it('allows a destination by the very host and port of its URL', async () => {
    const allowHosts = [`LOCALHOST:${origin.port}`, `[0:0::1]:${origin.port}`];
    await start({ allowHosts, lookup: async () => [loopback] });
    expect((await get(`http://localhost:${origin.port}/`)).status).toBe(200);
    expect((await get(`http://localhost:${canary.port}/`)).status).toBe(400);
    expect((await get(`http://127.0.0.1:${origin.port}/`)).status).toBe(400);
    expect((await get(`http://localhost.:${origin.port}/`)).status).toBe(400);
    expect((await get(`http://[::1]:${origin.port}/`)).status).not.toBe(400);
    expect(canary.connections).toBe(0);
  });

  it.each([
    '',
    'localhost',
    'http://localhost:80',
    'localhost:x',
    'localhost:99999',
    'a@localhost:80',
    'x:80/y',
  ])('does not start with %j in its allow list', async (entry) => {
    await expect(startEgressProxy({ allowHosts: [entry], log })).rejects.toThrow(TypeError);
  });

  it('answers as a bad gateway does where a name does not resolve, which is no refusal', async () => {
    expect((await get('http://no-such-name.invalid/')).status).toBe(502);
    expect((await tunnel('no-such-name.invalid:443')).status).toBe(502);
    await start({ lookup: async () => [] });
    expect((await get('http://media.example/')).status).toBe(502);
    expect(refused).not.toHaveBeenCalled();
  });

  it('logs refusals with host and reason, and never credentials', async () => {
    await get(`http://localhost:${canary.port}/`);
    expect(log.warn).toHaveBeenCalledExactlyOnceWith(
      { host: 'localhost', port: canary.port, reason: expect.stringContaining('loopback') },
      'destination refused',
    );
    await get(`http://127.0.0.1:${origin.port}/`, gate.url.replace(/.@/, '@'));
    await get('http://no-such-name.invalid/');
    const { password } = new URL(gate.url);
    const logged = Object.values(log).flatMap(({ mock }) => mock.calls);
    expect(JSON.stringify(logged)).not.toContain(password.slice(0, -1));
  });
});

describe('a gate that is closed', () => {
  const openTunnel = async (): Promise<Socket> => {
    const { socket } = await tunnel(`127.0.0.1:${origin.port}`);
    socket.write('GET /endless HTTP/1.1\r\nhost: origin\r\n\r\n');
    await once(socket, 'data');
    return socket;
  };
  const openRequest = async (): Promise<Socket> => {
    const asking = ask({ target: `http://127.0.0.1:${origin.port}/endless` }).end();
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    await once(response, 'data');
    return asking.socket!;
  };

  it.each([
    ['tunnel', openTunnel],
    ['request', openRequest],
  ])('ends an endless %s on both sides', async (_name, open) => {
    const socket = await open();
    const closed = once(socket, 'close');
    gate.close();
    await closed;
    await vi.waitFor(() => expect(origin.open()).toBe(0));
  });

  it.each([
    ['tunnel', openTunnel],
    ['request', openRequest],
  ])('is not needed to end an endless %s whose client goes', async (_name, open) => {
    (await open()).destroy();
    await vi.waitFor(() => expect(origin.open()).toBe(0));
  });

  it.each([
    ['the gate closes', () => gate.close()],
    ['the client goes', (socket: Socket) => socket.destroy()],
  ])('is rid of an origin that goes on sending when %s', async (_name, end) => {
    const open = new Set<Socket>();
    // Takes no notice of the other side's having finished.
    const stubborn = createServer({ allowHalfOpen: true }, (socket) => {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => open.delete(socket));
      endless(socket);
    }).listen(0, '127.0.0.1');
    await once(stubborn, 'listening');
    const destination = `127.0.0.1:${(stubborn.address() as AddressInfo).port}`;
    await start({ allowHosts: [destination] });
    const { socket } = await tunnel(destination);
    await once(socket.resume(), 'data');
    end(socket);
    await vi.waitFor(() => expect(open.size).toBe(0));
    stubborn.close();
  });

  it('connects nowhere for a request whose name is still being looked up', async () => {
    const { promise, resolve } = Promise.withResolvers<LookupAddress[]>();
    const lookup = vi.fn(() => promise);
    await start({ lookup, allowHosts: [`media.example:${origin.port}`] });
    const asking = ask({ method: 'CONNECT', target: `media.example:${origin.port}` }).end();
    const gone = once(asking, 'error');
    await vi.waitFor(() => expect(lookup).toHaveBeenCalled());
    gate.close();
    await gone;
    resolve([loopback]);
    const after = proxy.open(refused);
    expect((await get(`http://media.example:${origin.port}/`, after.url)).status).toBe(200);
    expect(origin.connections).toBe(1);
  });

  it('ends with its proxy', async () => {
    const sockets = [await openTunnel(), await openRequest()];
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')));
    await proxy.close();
    await closed;
    await vi.waitFor(() => expect(origin.open()).toBe(0));
    await expect(get(`http://127.0.0.1:${origin.port}/`)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('an upstream proxy', () => {
  let upstream: LoopbackServer;
  beforeEach(async () => {
    upstream = await startLoopbackServer(({ url, headers }, response) => {
      seen.push({ url, headers });
      response.end('from upstream');
    });
    const lookup = async (host: string) => [host === 'public.example' ? nobody : loopback];
    await start({ lookup, upstreamProxyUrl: `http://name:word@127.0.0.1:${upstream.port}` });
  });
  afterEach(() => upstream.stop());

  it('is asked for what has been checked, with its own credentials', async () => {
    expect((await get('http://public.example/x')).body).toBe('from upstream');
    expect(seen).toMatchObject([
      {
        url: 'http://public.example/x',
        headers: { 'proxy-authorization': authorization('http://name:word@x') },
      },
    ]);
  });

  it('is not asked for what is refused', async () => {
    expect((await get(`http://private.example:${canary.port}/`)).status).toBe(400);
    expect((await tunnel(`private.example:${canary.port}`)).status).toBe(400);
    expect((await get(`http://127.0.0.1:${canary.port}/`)).status).toBe(400);
    expect(upstream.connections + canary.connections).toBe(0);
  });

  it.each(['ftp://127.0.0.1', '127.0.0.1:3128', ''])('is not %j', async (upstreamProxyUrl) => {
    await expect(startEgressProxy({ allowHosts: [], upstreamProxyUrl, log })).rejects.toThrow(TypeError);
  });
});

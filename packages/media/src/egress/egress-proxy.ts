import { randomBytes } from 'node:crypto';
import type { lookup as dnsLookup, LookupAddress } from 'node:dns';
import { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import { type ConnectionStats, RequestError, Server } from 'proxy-chain';
import type { Log } from '../log.ts';
import { DestinationRefused, destinationResolver, type Lookup } from './destinations.ts';
import { freeWhenRead, freeWhenSent } from './free-chunks.ts';

/** A way out for one download, under credentials of its own. */
export interface EgressGate {
  /** `http://<id>:<secret>@127.0.0.1:<port>`: a secret, for the tools of this download only. */
  readonly url: string;
  /** Received from origins so far, with the headers and TLS records around the content. */
  bytes(): number;
  /** Ends what is open, on both sides, and lets nothing through any more. */
  close(): void;
}

/** The filtering proxy on loopback through which all traffic of downloads goes; only public unicast addresses are reached. */
export interface EgressProxy {
  /** `onRefused` is called for each request to a destination that is refused, with its host as its URL has it. */
  open(onRefused: (host: string, reason: string) => void): EgressGate;
  close(): Promise<void>;
}

export interface EgressProxyOptions {
  /** Destinations that may be reached although they are not public: `host:port`, the host as the URL has it. */
  allowHosts: readonly string[];
  /** An HTTP, HTTPS or SOCKS proxy that requests go on to once they are checked. */
  upstreamProxyUrl?: string;
  /** The system's by default. */
  lookup?: Lookup;
  log: Log;
}

interface OpenGate {
  onRefused: (host: string, reason: string) => void;
  /** proxy-chain's numbers of them. */
  connections: Set<number>;
  /** Of connections that are gone. */
  receivedBytes: number;
}

/** Neither a 403, which from an origin means a login, nor one that is worth another try. */
const refusedStatus = 400;
const unresolvedStatus = 502;

const upstreamProtocol = /^(https?|socks(4a?|5h?)?):$/;

/** Node's HTTP parser copies bodies out of what its socket has read. */
class FreeingAgent extends Agent {
  override createConnection(...args: Parameters<Agent['createConnection']>) {
    const socket = super.createConnection(...args);
    if (socket) freeWhenRead(socket);
    return socket;
  }
}

/** Answers a connection's lookup with what has been checked already: between check and connection no name can change. */
const answering = (addresses: LookupAddress[]): typeof dnsLookup => {
  const answer: LookupFunction = (_host, { all }, callback) => {
    const [{ address, family } = { address: '', family: 0 }] = addresses;
    process.nextTick(() => (all ? callback(null, addresses) : callback(null, address, family)));
  };
  return answer as typeof dnsLookup;
};

/**
 * Starts the proxy on a free port of 127.0.0.1, for plain HTTP and CONNECT. It resolves names itself and connects to
 * the very addresses that it has checked. An upstream proxy resolves once more: what its network reaches is its matter.
 * @throws {TypeError} on an allow list or upstream URL that is none.
 */
export const startEgressProxy = async (options: EgressProxyOptions): Promise<EgressProxy> => {
  const { upstreamProxyUrl, log } = options;
  if (upstreamProxyUrl !== undefined && !upstreamProtocol.test(URL.parse(upstreamProxyUrl)?.protocol ?? ''))
    throw new TypeError('the upstream proxy is no http, https or socks URL');
  const resolve = destinationResolver(options.allowHosts, options.lookup);
  /** By their credentials. */
  const gates = new Map<string, OpenGate>();
  /** By the connection. */
  const owners = new Map<number, OpenGate>();
  // A connection for each request, to the addresses that were checked for it.
  const httpAgent = new FreeingAgent({ keepAlive: false });

  const checked = async (gate: OpenGate, host: string, port: number): Promise<LookupAddress[]> => {
    try {
      return await resolve(host, port);
    } catch (error) {
      if (error instanceof DestinationRefused) {
        log.warn({ host: error.host, port, reason: error.message }, 'destination refused');
        gate.onRefused(error.host, error.message);
        throw new RequestError('Destination refused', refusedStatus);
      }
      log.debug({ err: error, host, port }, 'destination not resolved');
      throw new RequestError('Name does not resolve', unresolvedStatus);
    }
  };

  const server = new Server({
    host: '127.0.0.1',
    port: 0,
    authRealm: 'egress',
    // Called for each request, also for the second on one connection.
    prepareRequestFunction: async ({ request, connectionId, username, password, hostname, port }) => {
      const gate = gates.get(`${username}:${password}`);
      if (!gate) return { requestAuthentication: true };
      gate.connections.add(connectionId);
      owners.set(connectionId, gate);
      const addresses = await checked(gate, hostname, port);
      // proxy-chain would connect for a client that went meanwhile, and never end that connection.
      if (request.socket.destroyed) throw new RequestError('Client is gone', unresolvedStatus);
      return upstreamProxyUrl === undefined
        ? { httpAgent, dnsLookup: answering(addresses) }
        : { httpAgent, upstreamProxyUrl };
    },
  });
  server.on(
    'connectionClosed',
    ({ connectionId, stats }: { connectionId: number; stats: ConnectionStats }) => {
      const gate = owners.get(connectionId);
      owners.delete(connectionId);
      if (gate?.connections.delete(connectionId)) gate.receivedBytes += stats.trgRxBytes ?? 0;
    },
  );
  server.on('requestFailed', ({ error }: { error: Error }) =>
    log.warn({ err: error }, 'egress request failed'),
  );
  // What clients are sent has come from origins, and is nobody else's.
  server.server.on('connection', freeWhenSent);
  await server.listen();

  const cut = ({ connections }: OpenGate): void => {
    // With an error: of a tunnel whose client just closes, proxy-chain goes on reading from the origin, for ever if need be.
    for (const id of connections) server.connections.get(id)?.destroy(new Error('the gate is closed'));
  };

  return {
    open: (onRefused) => {
      const [id, secret] = [randomBytes(8).toString('hex'), randomBytes(16).toString('hex')];
      const gate: OpenGate = { onRefused, connections: new Set(), receivedBytes: 0 };
      gates.set(`${id}:${secret}`, gate);
      return {
        url: `http://${id}:${secret}@127.0.0.1:${server.port}`,
        bytes: () =>
          [...gate.connections]
            .map((connection) => server.getConnectionStats(connection)?.trgRxBytes ?? 0)
            .reduce((sum, received) => sum + received, gate.receivedBytes),
        close: () => {
          gates.delete(`${id}:${secret}`);
          cut(gate);
        },
      };
    },
    close: async () => {
      for (const gate of gates.values()) cut(gate);
      gates.clear();
      await server.close(true);
    },
  };
};

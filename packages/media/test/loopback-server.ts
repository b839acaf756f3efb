import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoopbackServer {
  port: number;
  /** Connections so far, whether anything was asked for on them or not. */
  connections: number;
  /** Connections that are open. */
  open(): number;
  stop(): Promise<void>;
}

/** Starts a server on 127.0.0.1 and, where there is IPv6, on the same port of ::1. A canary is one that nobody may reach. */
export const startLoopbackServer = async (answer: RequestListener): Promise<LoopbackServer> => {
  let open = 0;
  const listen = async (port: number, host: string): Promise<Server> => {
    const server = createServer(answer);
    server.on('connection', (socket) => {
      started.connections++;
      open++;
      socket.on('close', () => open--);
    });
    server.listen(port, host);
    await once(server, 'listening');
    return server;
  };
  const started: LoopbackServer = {
    ...{ port: 0, connections: 0, open: () => open },
    stop: async () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
  const first = await listen(0, '127.0.0.1');
  started.port = (first.address() as AddressInfo).port;
  // A machine without IPv6 has nothing there to be protected.
  const second = await listen(started.port, '::1').catch(() => null);
  const servers = second ? [first, second] : [first];
  return started;
};

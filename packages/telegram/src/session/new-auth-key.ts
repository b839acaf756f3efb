import { untilAborted, within } from '@heavy/timing';
import type { AuthKey } from 'telegram/crypto/AuthKey.js';
import { doAuthentication } from 'telegram/network/Authenticator.js';
import { MTProtoPlainSender } from 'telegram/network/MTProtoPlainSender.js';
import { LogBridge } from '../gramjs/log.ts';
import { socketTo } from '../gramjs/socket.ts';
import { TcpConnection } from '../gramjs/tcp-connection.ts';
import type { Logger } from '../logger.ts';

export interface HandshakeOptions {
  host: string;
  port: number;
  dcId: number;
  timeoutMs: number;
  signal: AbortSignal;
  log: Logger;
}

const keyBytes = 256;

/** Agrees with a data centre on an authorization key (https://core.telegram.org/mtproto/auth_key), over a connection of its own. */
export const newAuthKey = async (options: HandshakeOptions): Promise<AuthKey> => {
  const { host, port, dcId, timeoutMs, signal } = options;
  const log = new LogBridge(options.log);
  const socket = socketTo({ host, port, connectTimeoutMs: timeoutMs });
  const connection = new TcpConnection({ ip: host, port, dcId, loggers: log, socket, testServers: false });
  const agree = async (): Promise<AuthKey> => {
    await connection.connect();
    const sender = new MTProtoPlainSender(connection, log);
    for (;;) {
      const { authKey } = await doAuthentication(sender, log);
      // The library leaves leading zeros out, and the server does not: one key in 256 would be of no use.
      if (authKey.getKey()?.length === keyBytes) return authKey;
    }
  };
  try {
    const late = () => new Error(`no authorization key in ${timeoutMs} ms`);
    return await untilAborted(within(agree(), timeoutMs, late), signal);
  } finally {
    await connection.disconnect();
    // The library closes what is connected only.
    await connection.socket.close();
  }
};

import { createPublicKey } from 'node:crypto';
import bigInt from 'big-integer';
import { TelegramClient } from 'telegram';
import type { TelegramClientParams } from 'telegram/client/telegramBaseClient.js';
import { _serverKeys } from 'telegram/crypto/RSA.js';
import { Logger, PromisedNetSockets } from 'telegram/extensions/index.js';
import { LogLevel } from 'telegram/extensions/Logger.js';
import { ConnectionTCPFull } from 'telegram/network/index.js';
import { StringSession } from 'telegram/sessions/index.js';
import { sha1 } from '../src/crypto/hash.ts';
import type { LocalTelegram } from '../src/index.ts';
import { tlBytes } from '../src/tl.ts';

/** Adds the data centre's key to those that the library trusts. */
const trust = (publicKeyPem: string): void => {
  const { n = '', e = '' } = createPublicKey(publicKeyPem).export({ format: 'jwk' });
  const modulus = Buffer.from(n, 'base64url');
  const fingerprint = sha1(tlBytes(modulus), tlBytes(Buffer.from(e, 'base64url'))).readBigInt64LE(12);
  _serverKeys.set(String(fingerprint), { n: bigInt(modulus.toString('hex'), 16), e: 65537 });
};

/** An unmodified GramJS client that is pointed at the data centre: one socket class and one key. */
export const gramClient = (
  dc: Pick<LocalTelegram, 'endpoint'>,
  session = '',
  transport: TelegramClientParams['connection'] = ConnectionTCPFull,
): TelegramClient => {
  const { host, port, publicKeyPem } = dc.endpoint;
  trust(publicKeyPem);
  class LocalSocket extends PromisedNetSockets {
    override connect(_port: number, _ip: string) {
      return super.connect(port, host);
    }
  }
  const stored = new StringSession(session);
  if (!session) stored.setDC(2, '127.0.0.1', 80);
  const client = new TelegramClient(stored, 1, 'hash', {
    networkSocket: LocalSocket,
    connection: transport,
    connectionRetries: 5,
    baseLogger: new Logger(LogLevel.NONE),
  });
  client.floodSleepThreshold = 0;
  return client;
};

/** Ends a client with all that it leaves behind: its ping loop and the connections that it keeps for files. */
export const closeClient = async (client: TelegramClient): Promise<void> => {
  const kept = client as unknown as {
    _exportedSenderPromises: Map<number, Promise<{ disconnect(): Promise<void> }>>;
    _exportedSenderReleaseTimeouts: Map<number, NodeJS.Timeout>;
  };
  const senders = [...kept._exportedSenderPromises.values()];
  for (const timer of kept._exportedSenderReleaseTimeouts.values()) clearTimeout(timer);
  await client.destroy();
  await Promise.all(senders.map(async (sender) => (await sender).disconnect()));
};

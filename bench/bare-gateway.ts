/**
 * The bare thing beside the gateway: a GramJS client that publishes each command with a confirm, prints the milliseconds that
 * this took, and does nothing else.
 */
import { createHash, createPublicKey } from 'node:crypto';
import amqp from 'amqplib';
import bigInt from 'big-integer';
import { TelegramClient } from 'telegram';
import { _serverKeys } from 'telegram/crypto/RSA.js';
import { NewMessage } from 'telegram/events/index.js';
import { Logger, PromisedNetSockets } from 'telegram/extensions/index.js';
import { LogLevel } from 'telegram/extensions/Logger.js';
import { StringSession } from 'telegram/sessions/index.js';

/** What is needed to reach the local Telegram and the broker, as JSON in the first argument. */
export interface BareSettings {
  session: string;
  host: string;
  port: number;
  publicKeyPem: string;
  rabbitmqUrl: string;
}

const tlBytes = (data: Buffer): Buffer => {
  const head = Buffer.from([254, data.length & 255, (data.length >> 8) & 255, data.length >> 16]);
  return Buffer.concat([head, data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
};

/** A GramJS client on a local data centre; also the bare uploader of the other bench. */
export const bareClient = async (settings: Omit<BareSettings, 'rabbitmqUrl'>): Promise<TelegramClient> => {
  const { n = '', e = '' } = createPublicKey(settings.publicKeyPem).export({ format: 'jwk' });
  const modulus = Buffer.from(n, 'base64url');
  const exponent = Buffer.from(e, 'base64url');
  const short = Buffer.concat([Buffer.from([exponent.length]), exponent]);
  const digest = createHash('sha1').update(tlBytes(modulus)).update(short).digest();
  _serverKeys.set(String(digest.subarray(12, 20).readBigInt64LE()), {
    n: bigInt(modulus.toString('hex'), 16),
    e: 65_537,
  });
  class LocalSocket extends PromisedNetSockets {
    override connect(): ReturnType<PromisedNetSockets['connect']> {
      return super.connect(settings.port, settings.host);
    }
  }
  const client = new TelegramClient(new StringSession(settings.session), 1, 'hash', {
    networkSocket: LocalSocket,
    connectionRetries: 5,
    baseLogger: new Logger(LogLevel.NONE),
  });
  await client.connect();
  await client.getMe();
  return client;
};

if (process.argv[1] === import.meta.filename) {
  const settings = JSON.parse(process.argv[2] ?? '') as BareSettings;
  const client = await bareClient(settings);
  const connection = await amqp.connect(settings.rabbitmqUrl);
  const channel = await connection.createConfirmChannel();
  client.addEventHandler(({ message }) => {
    const receivedAt = performance.now();
    const body = { type: 'bare', data: { message: { text: message.text } } };
    channel.publish(
      'heavy',
      'events.telegram.raw',
      Buffer.from(JSON.stringify(body)),
      { persistent: true },
      () => void process.stdout.write(`${(performance.now() - receivedAt).toFixed(2)}\n`),
    );
  }, new NewMessage({}));
  process.stdout.write('ready\n');
}

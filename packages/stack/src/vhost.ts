import { randomUUID } from 'node:crypto';

/** A virtual host of a RabbitMQ: exchanges and queues of its own. */
export interface Vhost {
  /** Its AMQP address. */
  readonly url: string;
  readonly name: string;
  /** Deletes it with all that is in it, and closes its connections. */
  drop(): Promise<void>;
}

const call = async (managementUrl: string, method: 'PUT' | 'DELETE', path: string, body?: object) => {
  const address = new URL(path, managementUrl);
  // fetch refuses an address with credentials in it.
  const credentials = btoa(`${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`);
  address.username = '';
  address.password = '';
  const response = await fetch(address, {
    method,
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`RabbitMQ answered ${response.status} to ${method} ${address.pathname}: ${text}`);
};

/** A new virtual host: one a test, so that tests see nothing of each other. Costs about 10 ms. */
export const createVhost = async (rabbit: { url: string; managementUrl: string }): Promise<Vhost> => {
  const name = `test-${randomUUID()}`;
  await call(rabbit.managementUrl, 'PUT', `/api/vhosts/${name}`);
  const user = new URL(rabbit.managementUrl).username;
  await call(rabbit.managementUrl, 'PUT', `/api/permissions/${name}/${user}`, {
    configure: '.*',
    write: '.*',
    read: '.*',
  });
  const url = new URL(rabbit.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    drop: () => call(rabbit.managementUrl, 'DELETE', `/api/vhosts/${name}`),
  };
};

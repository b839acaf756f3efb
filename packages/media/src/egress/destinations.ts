import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { nonPublicRange } from './public-address.ts';

/** All addresses of a name. */
export type Lookup = (host: string) => Promise<LookupAddress[]>;

/** A destination that nobody may connect to; `host` as its URL has it. */
export class DestinationRefused extends Error {
  override readonly name = 'DestinationRefused';
  readonly host: string;

  constructor(host: string, reason: string) {
    super(reason);
    this.host = host;
  }
}

/** A host in the one spelling that a URL of http has for it: `0x7f.1` is `127.0.0.1`, `LOCALHOST` is `localhost`. */
const canonicalHost = (host: string): string => {
  try {
    return new URL(`http://${host}`).hostname;
  } catch {
    throw new DestinationRefused(host, 'no host name');
  }
};

/** An entry of the allow list as destinations are compared with it. */
const allowedDestination = (entry: string): string => {
  const { hostname, port, pathname, username } = URL.canParse(`http://${entry}`)
    ? new URL(`http://${entry}`)
    : { hostname: '', port: '', pathname: '', username: '' };
  const named = /:(\d+)$/.exec(entry)?.[1];
  if (hostname === '' || pathname !== '/' || username !== '' || named === undefined)
    throw new TypeError(`"${entry}" is no host:port`);
  return `${hostname}:${port || '80'}`;
};

const systemAddresses: Lookup = (host) => systemLookup(host, { all: true });

/**
 * Resolves destinations to the addresses that may be connected to. One that is allowed by its `host:port`, as its URL has
 * it, may have any address; of every other all addresses must be public unicast.
 * @throws {TypeError} where an entry of `allowHosts` is no `host:port`.
 */
export const destinationResolver = (
  allowHosts: readonly string[],
  lookup: Lookup = systemAddresses,
): ((host: string, port: number) => Promise<LookupAddress[]>) => {
  const allowed = new Set(allowHosts.map(allowedDestination));

  /** @throws {DestinationRefused}, and what the lookup throws. */
  return async (given, port) => {
    const host = canonicalHost(given);
    const bare = host.replace(/^\[|\]$/g, '');
    const family = isIP(bare);
    const addresses = family === 0 ? await lookup(bare) : [{ address: bare, family }];
    if (addresses.length === 0) throw new Error(`${host} has no address`);
    if (allowed.has(`${host}:${port}`)) return addresses;
    for (const { address } of addresses) {
      const range = nonPublicRange(address);
      if (range !== null) throw new DestinationRefused(host, `${address} is not public (${range})`);
    }
    return addresses;
  };
};

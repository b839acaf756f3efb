import ipaddr from 'ipaddr.js';

/** All that IANA has given out of IPv6 for use in public (RFC 4291, 2.4, and its address space registry). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * The range that keeps an address from being public unicast, by the name that ipaddr.js has for it, such as `loopback`;
 * null where it is public. An IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo) is never public.
 */
export const nonPublicRange = (address: string): string | null => {
  if (!ipaddr.isValid(address)) return 'invalid';
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== 'unicast') return range;
  // To ipaddr.js all is unicast that has no name, the IPv4-compatible ::/96 among it.
  const unassigned = parsed.kind() === 'ipv6' && !parsed.match(globalUnicast);
  return unassigned ? 'unassigned' : null;
};

/** What a replica should do so that all have about as many bots. */
export interface Share {
  /** Free bots that it should take. */
  take: number[];
  /** Its own that it should hand over. */
  give: number[];
}

export interface Standing {
  me: string;
  /** All that are alive, this one among them. */
  replicas: readonly string[];
  /** Each bot, and who has it. */
  holders: ReadonlyMap<number, string | undefined>;
}

/**
 * Shares bots out: no replica has two more than another once all have followed this. Each decides for itself by the same picture,
 * and no two of them act on one surplus.
 */
export const shareOut = ({ me, replicas, holders }: Standing): Share => {
  const counts = new Map(replicas.map((replica) => [replica, 0]));
  const free: number[] = [];
  const mine: number[] = [];
  for (const [bot, holder] of holders) {
    if (holder === undefined) free.push(bot);
    if (holder === me) mine.push(bot);
    // Who gives no sign of life has its bots until their leases have run out.
    if (holder !== undefined && counts.has(holder)) counts.set(holder, (counts.get(holder) ?? 0) + 1);
  }
  const least = Math.floor(holders.size / replicas.length);
  const most = Math.ceil(holders.size / replicas.length);
  const deficit = [...counts.values()].reduce((sum, count) => sum + Math.max(0, least - count), 0);

  if (free.length > 0) {
    const own = Math.max(0, least - mine.length);
    // What the others have a claim to is left to them; the rest goes to whoever comes first.
    const spare = Math.max(0, free.length - deficit);
    const room = Math.max(0, most - Math.max(mine.length, least));
    return { take: free.slice(0, own + Math.min(spare, room)), give: [] };
  }
  if (mine.length > most) return { take: [], give: mine.slice(most) };
  const rich = [...counts].filter(([, count]) => count > least).map(([replica]) => replica);
  const turn = rich.sort().indexOf(me);
  return { take: [], give: turn >= 0 && turn < deficit ? mine.slice(least) : [] };
};

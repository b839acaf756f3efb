import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import type { AccessTarget } from './access-entry.ts';
import { type AccessWord, accessWords } from './access-word.ts';

/** One change of access, as the trail keeps it after its effect has ended. */
export interface AuditRecord {
  /** The place in the stream. */
  id: string;
  /** When it was made: ISO 8601, of Redis' clock. */
  at: string;
  word: AccessWord;
  /** The user id of the admin; 0 for an import. */
  by: number;
  target: AccessTarget;
  /** Of the target, as it was then. */
  name?: string;
  /** Where it was said; 0 for an import. */
  chatId: number;
  /** When what was said ends by itself. */
  until?: string;
  /** The event that asked for it, or the import. */
  eventId: string;
}

type StreamEntry = [id: string, fields: string[]];

/** Null where the fields are none of ours. */
const recordOf = ([id, fields]: StreamEntry): AuditRecord | null => {
  const facts = new Map<string, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) facts.set(fields[at] ?? '', fields[at + 1] ?? '');
  const number = (name: string): number => Number(facts.get(name) ?? Number.NaN);
  const word = accessWords.find((one) => one === facts.get('word'));
  const kind = facts.get('kind');
  const [by, targetId, chatId] = [number('by'), number('id'), number('chat')];
  if (!word || (kind !== 'user' && kind !== 'chat')) return null;
  if (![by, targetId, chatId].every(Number.isSafeInteger)) return null;
  const [name, until] = [facts.get('name'), facts.get('until')];
  return {
    ...{ id, at: new Date(Number.parseInt(id, 10)).toISOString(), word, by, target: { kind, id: targetId } },
    ...(name === undefined ? {} : { name }),
    chatId,
    ...(until === undefined ? {} : { until }),
    eventId: facts.get('event') ?? '',
  };
};

const pageSize = 1000;

export interface AuditOptions {
  /** So many records at most. */
  limit: number;
  /** Of this user or chat alone. */
  target?: AccessTarget;
}

/** The trail, newest first. */
export const readAudit = async (redis: Redis, { limit, target }: AuditOptions): Promise<AuditRecord[]> => {
  const found: AuditRecord[] = [];
  const atOnce = target ? pageSize : Math.min(limit, pageSize);
  let before = '+';
  while (found.length < limit) {
    const page = (await redis.xrevrange(
      redisKeys.accessAudit,
      before,
      '-',
      'COUNT',
      atOnce,
    )) as StreamEntry[];
    for (const entry of page) {
      const record = recordOf(entry);
      if (!record) continue;
      if (target && (record.target.kind !== target.kind || record.target.id !== target.id)) continue;
      found.push(record);
      if (found.length === limit) break;
    }
    const last = page.at(-1);
    if (!last || page.length < atOnce) break;
    before = `(${last[0]}`;
  }
  return found;
};

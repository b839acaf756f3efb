import { Redis } from 'ioredis';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { luaScript } from '../src/index.ts';

const redis = new Redis(inject('redis').url, { db: 15 });
afterAll(() => redis.quit());

describe('luaScript', () => {
  const remember = luaScript<[string, string]>(
    "local answer = 'known as '",
    "redis.call('SET', KEYS[1], ARGV[1]) return { KEYS[1], answer .. ARGV[1] }",
  );

  it('runs its parts as one, with keys and arguments, whether or not Redis knows the script', async () => {
    for (const name of ['alice', 'bob']) {
      await redis.script('FLUSH');
      for (let time = 0; time < 2; time += 1)
        await expect(remember(redis, ['lua-script:name'], [name])).resolves.toEqual([
          'lua-script:name',
          `known as ${name}`,
        ]);
      await expect(redis.get('lua-script:name')).resolves.toBe(name);
    }
    await redis.del('lua-script:name');
  });

  it("rejects with the script's own error, and does not run it again", async () => {
    const fail = luaScript<never>("redis.call('INCR', KEYS[1]) return redis.error_reply('WHY because')");
    await expect(fail(redis, ['lua-script:count'], [])).rejects.toThrow('WHY because');
    await expect(redis.getdel('lua-script:count')).resolves.toBe('1');
  });
});

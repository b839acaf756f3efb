import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigInvalid, loadConfig, loadServiceConfig, secretValues } from './config.ts';
import { commonConfig, describeConfig, parsed, secret } from './config-schema.ts';

const dir = mkdtempSync(join(tmpdir(), 'heavy-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};

const schema = Type.Object({
  API_ID: Type.Integer({ description: 'Number of the application', minimum: 1 }),
  SESSION: secret({ description: 'Session string' }),
  RATIO: Type.Number({ description: 'Share', default: 0.5, maximum: 1 }),
  ENABLED: Type.Boolean({ description: 'On or off', default: false }),
  ADMIN_IDS: Type.Array(Type.Integer(), { description: 'Users', default: [] }),
  MODE: Type.Enum(['fast', 'safe'], { description: 'How', default: 'safe' }),
  WINDOW: parsed(
    {
      parse: (text) => (/^\d+s$/.test(text) ? Number.parseInt(text, 10) : null),
      kind: 'time',
      example: '5s',
    },
    { description: 'How long', default: '60s' },
  ),
  NOTE: Type.Optional(Type.String({ description: 'Anything' })),
});

const faultsOf = (env: Record<string, string>): Record<string, string> => {
  try {
    loadConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigInvalid)
      return Object.fromEntries(error.faults.map(({ name, message }) => [name, message]));
    throw error;
  }
  return {};
};

const valid = { API_ID: '7', SESSION: 'canary-session' };

describe('loadConfig', () => {
  it('reads numbers, booleans and lists, and fills in defaults', () => {
    expect(loadConfig(schema, { ...valid, ENABLED: 'yes', ADMIN_IDS: ' 1, -2,,3 ', RATIO: '.25' })).toEqual({
      API_ID: 7,
      SESSION: 'canary-session',
      RATIO: 0.25,
      ENABLED: true,
      ADMIN_IDS: [1, -2, 3],
      MODE: 'safe',
      WINDOW: 60,
    });
  });

  it('reads a text by its parser, and names what it cannot read with an example', () => {
    const window: number = loadConfig(schema, { ...valid, WINDOW: '90s' }).WINDOW;
    expect(window).toBe(90);
    expect(faultsOf({ ...valid, WINDOW: 'soon' })).toEqual({
      WINDOW: 'must be a time, such as 5s, and is "soon"',
    });
    expect(describeConfig(schema).find(({ name }) => name === 'WINDOW')).toMatchObject({
      type: 'time',
      default: '60s',
    });
  });

  it('takes an empty variable for an absent one', () => {
    const config = loadConfig(schema, { ...valid, RATIO: '', NOTE: '' });
    expect(config.RATIO).toBe(0.5);
    expect(config).not.toHaveProperty('NOTE');
  });

  it('gives each load its own copy of a default', () => {
    loadConfig(schema, valid).ADMIN_IDS.push(1);
    expect(loadConfig(schema, valid).ADMIN_IDS).toEqual([]);
  });

  it('reports all faults at once, each with its variable', () => {
    const faults = faultsOf({ RATIO: '2', ENABLED: 'perhaps', ADMIN_IDS: '1,x', MODE: 'slow' });
    expect(Object.keys(faults).sort()).toEqual([
      'ADMIN_IDS',
      'API_ID',
      'ENABLED',
      'MODE',
      'RATIO',
      'SESSION',
    ]);
    expect(faults['API_ID']).toBe('is not set: Number of the application');
    expect(faults['SESSION']).toContain('nor is SESSION_FILE');
    expect(faults['RATIO']).toContain('<= 1, and is "2"');
    expect(faults['MODE']).toContain('(fast, safe)');
  });

  it.each(['0x10', '1e3', '12abc', '1 2'])('takes %j for no number', (text) => {
    expect(faultsOf({ ...valid, API_ID: text })).toHaveProperty('API_ID');
  });

  it('reads a secret from the file that NAME_FILE names, without its last newline', () => {
    const path = file('session', 'from file \n');
    expect(loadConfig(schema, { API_ID: '7', SESSION_FILE: path }).SESSION).toBe('from file ');
  });

  it('ignores NAME_FILE of what is no secret', () => {
    expect(loadConfig(schema, { ...valid, RATIO_FILE: '/nowhere' }).RATIO).toBe(0.5);
  });

  it('refuses a secret given twice', () => {
    const faults = faultsOf({ ...valid, SESSION_FILE: file('twice', 'x') });
    expect(faults).toEqual({ SESSION: 'is set, and so is SESSION_FILE: give one of the two' });
  });

  it('names the file that cannot be read, and the one that is empty', () => {
    expect(faultsOf({ API_ID: '7', SESSION_FILE: join(dir, 'missing') })['SESSION']).toMatch(
      /SESSION_FILE cannot be read: .*missing \(ENOENT\)/,
    );
    expect(faultsOf({ API_ID: '7', SESSION_FILE: file('empty', '\n') })['SESSION']).toContain('is empty');
  });

  it.skipIf(process.getuid?.() === 0)('names the file that it may not read', () => {
    const path = file('locked', 'x');
    chmodSync(path, 0o000);
    expect(faultsOf({ API_ID: '7', SESSION_FILE: path })['SESSION']).toContain('EACCES');
  });

  it('never shows a secret that does not fit', () => {
    const faults = () =>
      loadServiceConfig(Type.Object({}), { RABBITMQ_URL: 'canary-secret', REDIS_URL: 'canary-secret' });
    expect(faults).toThrow(/^RABBITMQ_URL: must match pattern/);
    expect(faults).not.toThrow(/canary/);
  });
});

describe('loadServiceConfig', () => {
  const servers = { RABBITMQ_URL: 'amqp://u:a-password@h/v', REDIS_URL: 'redis://127.0.0.1:1' };

  it('adds the common settings', () => {
    expect(loadServiceConfig(Type.Object({ OWN: Type.Integer({ default: 1 }) }), servers)).toEqual({
      ...servers,
      OWN: 1,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: 0,
      LOG_LEVEL: 'info',
      SHUTDOWN_GRACE_MS: 20_000,
      RETRY_DELAYS_MS: [5000, 30_000, 300_000],
    });
  });

  it('reports faults of both', () => {
    const load = () => loadServiceConfig(schema, { HTTP_PORT: '70000' });
    expect(load).toThrow(/^API_ID: is not set/m);
    expect(load).toThrow(/^RABBITMQ_URL: is not set/m);
    expect(load).toThrow(/^HTTP_PORT: must be <= 65535/m);
  });
});

describe('secretValues', () => {
  it('gives secrets whole, and of URLs the password in both spellings', () => {
    const config = {
      SESSION: 'a session',
      RABBITMQ_URL: 'amqp://user:p%40ss@host',
      REDIS_URL: 'redis://host',
    };
    expect(secretValues(schema, config).sort()).toEqual(['a session', 'p%40ss', 'p@ss']);
  });

  it('gives each of several keys', () => {
    const values = secretValues(schema, { SESSION: 'first-key,second-key' });
    expect(values).toEqual(['first-key,second-key', 'first-key', 'second-key']);
  });
});

describe('describeConfig', () => {
  it('renders a row a variable', () => {
    expect(describeConfig(commonConfig).find((row) => row.name === 'RETRY_DELAYS_MS')).toMatchObject({
      type: 'list of integer',
      default: '5000,30000,300000',
      required: false,
      secret: false,
    });
    expect(describeConfig(schema).map(({ name, type, required }) => [name, type, required])).toEqual([
      ['API_ID', 'integer', true],
      ['SESSION', 'string', true],
      ['RATIO', 'number', false],
      ['ENABLED', 'boolean', false],
      ['ADMIN_IDS', 'list of integer', false],
      ['MODE', 'fast | safe', false],
      ['WINDOW', 'time', false],
      ['NOTE', 'string', false],
    ]);
  });

  it('shows no default of a secret', () => {
    const rows = describeConfig(Type.Object({ KEY: secret({ description: 'Key', default: 'canary' }) }));
    expect(rows).toEqual([
      { name: 'KEY', type: 'string', default: null, required: false, secret: true, description: 'Key' },
    ]);
  });
});

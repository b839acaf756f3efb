import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSystemTools, toolsMissing } from './ensure-tools.ts';

let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'heavy-bin-'));
});
afterEach(() => rmSync(bin, { recursive: true, force: true }));

const install = (name: string, mode = 0o755): string => {
  const path = join(bin, name);
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, mode);
  return path;
};

describe('findSystemTools', () => {
  it('finds nothing on a path without tools', async () => {
    expect(await findSystemTools(['rabbitMq', 'redis', 'ffmpeg'], bin)).toEqual({});
  });

  it('finds a tool by its absolute path', async () => {
    const path = install('redis-server');
    expect(await findSystemTools(['redis', 'ffmpeg'], `/nowhere:${bin}`)).toEqual({ redis: path });
  });

  it('does not take what cannot be run, a folder, or a relative entry of the path', async () => {
    install('redis-server', 0o644);
    expect(await findSystemTools(['redis'], `.:${bin}`)).toEqual({});
    rmSync(join(bin, 'redis-server'));
    mkdirSync(join(bin, 'redis-server'));
    expect(await findSystemTools(['redis'], bin)).toEqual({});
  });

  it('takes ffmpeg only with ffprobe beside it', async () => {
    const ffmpeg = install('ffmpeg');
    expect(await findSystemTools(['ffmpeg'], bin)).toEqual({});
    install('ffprobe');
    expect(await findSystemTools(['ffmpeg'], bin)).toEqual({ ffmpeg });
  });
});

describe('toolsMissing', () => {
  it('names all that is missing, and the line that installs it', () => {
    const { message } = toolsMissing(['rabbitMq', 'ffmpeg']);
    expect(message).toMatch(
      /^Missing: RabbitMQ, ffmpeg\. Install with: .*(rabbitmq-server|rabbitmq) ffmpeg$/,
    );
  });
});

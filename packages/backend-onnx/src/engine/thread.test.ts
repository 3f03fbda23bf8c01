import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refuseTelemetry } from './thread.js';

describe('refuseTelemetry', () => {
  const before = process.env.ORT_DISABLE_TELEMETRY;
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'anc-home-'));
    delete process.env.ORT_DISABLE_TELEMETRY;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env.ORT_DISABLE_TELEMETRY;
    else process.env.ORT_DISABLE_TELEMETRY = before;
    await rm(home, { recursive: true, force: true });
  });

  it('sets the variable that ONNX Runtime reads, and keeps what the user set', () => {
    refuseTelemetry();
    expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
    process.env.ORT_DISABLE_TELEMETRY = '0';
    refuseTelemetry();
    expect(process.env.ORT_DISABLE_TELEMETRY).toBe('0');
  });

  it('leaves no identifier or queue of events in the home folder after an engine was open', async () => {
    const program =
      `import { OnnxBackend } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};` +
      'const backend = await OnnxBackend.create({}); await backend.dispose();';
    // Without variables of continuous integration, which turn telemetry off as well.
    const env = { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: join(home, '.cache') };
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { env });
    expect(await readdir(home)).toEqual([]);
  });
});

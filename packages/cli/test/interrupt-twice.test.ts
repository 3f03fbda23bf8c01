import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunResult } from '@anc/pipeline';
import { ancCli, inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 240_000 });

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
});
afterAll(() => place.remove());

/** Steps that are long enough for the second signal to come inside one. */
const request = [
  ['--limit-train', '512'],
  ['--limit-test', '20'],
  ['--batch-size', '256'],
  ['--epochs', '1'],
  ['--teacher', 'cnn(widths=[4,4],features=8)'],
  ['--student', 'cnn(widths=[24,24],features=32)'],
  ['--methods', 'kd'],
].flat();

describe('Ctrl-C twice', () => {
  it('ends with 130 although the engine is inside a call, and the run goes on', async () => {
    const name = 'twice';
    const stopped = await ancCli(['run', ...request, '--name', name], {
      cwd: place.path,
      interrupt: { after: 'kd (2 of 2)', signal: 'SIGINT', again: 60 },
    });
    expect(stopped).toMatchObject({ code: 130, signal: null });
    expect(stopped.stderr).not.toMatch(/terminate called|error:/);
    const rest = await inProcess(['run', '--resume', join('runs', name), '--json'], place.path);
    expect(rest.code).toBe(0);
    expect((JSON.parse(rest.stdout) as RunResult).students).toHaveLength(1);
  });
});

describe('a closed terminal', () => {
  it('interrupts like Ctrl-C, and the run goes on', async () => {
    const stopped = await ancCli(['run', ...request, '--name', 'hangup'], {
      cwd: place.path,
      interrupt: { after: 'kd (2 of 2)', signal: 'SIGHUP' },
    });
    expect(stopped).toMatchObject({ code: 130, signal: null });
    expect(stopped.stderr).toMatch(/continue with: anc-cli run --resume/);
    const rest = await inProcess(['run', '--resume', join('runs', 'hangup'), '--json'], place.path);
    expect(rest.code).toBe(0);
  });
});

describe('a reader that has gone', () => {
  it('leaves the run and its report complete', async () => {
    const { spawn } = await import('node:child_process');
    const bin = fileURLToPath(new URL('../bin/anc-cli.js', import.meta.url));
    const child = spawn(process.execPath, [bin, 'run', ...request, '--name', 'piped'], {
      cwd: place.path,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    child.stderr.destroy();
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect(code).toBe(0);
    const written = await inProcess(['report', join('runs', 'piped'), '--json'], place.path);
    expect(JSON.parse(written.stdout)).toEqual({
      ...{ kind: 'run', finished: true },
      report: join('runs', 'piped', 'report.html'),
    });
  });
});

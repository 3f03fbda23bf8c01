import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runProgram } from '../program.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-run-plan-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function plan(...flags: string[]): Promise<{ code: number; written: string }> {
  let written = '';
  const stream = { isTTY: false, columns: 80, write: (text: string) => ((written += text), true) };
  const code = await runProgram(['run', '--plan', '--dataset', 'glyphs', ...flags], {
    cwd,
    stdout: stream,
    stderr: stream,
  });
  return { code, written };
}

it.each(['--change-options', '--change-plugins', '--continue-stopped'])('refuses %s', async (flag) => {
  const { code, written } = await plan(flag);
  expect(code).toBe(2);
  expect(written).toContain(`${flag}: there is no run to resume.`);
});

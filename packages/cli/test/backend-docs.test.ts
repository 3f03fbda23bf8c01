import { spawn } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ancCli, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 120_000 }); // processes of their own

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The blocks of docs/backends.md that name their file in a first comment; browsers have `page.js` (tools/browser). */
async function shownFiles(): Promise<readonly (readonly [name: string, code: string])[]> {
  const text = await readFile(join(root, 'docs', 'backends.md'), 'utf8');
  return [...text.matchAll(/^```js\n\/\/ (\S+)\n([^]*?)^```/gm)].map(([, name, code]) => [name!, code!]);
}

/** A third party's project, with our built packages installed. */
let project: Workplace;
beforeAll(async () => {
  project = await workplace();
  await symlink(join(root, 'node_modules'), join(project.path, 'node_modules'));
  await writeFile(join(project.path, 'package.json'), '{ "type": "module" }');
  for (const [name, code] of await shownFiles()) await writeFile(join(project.path, name), code);
});
afterAll(() => project.remove());

/** Vitest's report of one file of the project; of a contract that others run whole, the part named `functions`. */
function tested(file: string): Promise<Record<string, unknown>> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  return new Promise((resolve) => {
    const args = [vitest, 'run', file, '-t', 'functions', '--reporter=json'];
    const child = spawn(process.execPath, args, {
      cwd: project.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('close', () =>
      resolve(JSON.parse(output.slice(output.indexOf('{'))) as Record<string, unknown>),
    );
  });
}

describe('a backend as docs/backends.md shows it', () => {
  it('passes the contract by the call that is shown', async () => {
    const report = await tested('my-backend.test.js');
    expect(report).toMatchObject({ success: true, numFailedTests: 0 });
    expect(report['numPassedTests']).toBeGreaterThan(3);
    expect(report['numTotalTests']).toBeGreaterThan(100);
  });

  it('is one that the program can train on', async () => {
    const args = ['doctor', 'mine', '--plugins', './my-backend.js', '--seconds', '0.1', '--json'];
    const { code, stdout } = await ancCli(args, { cwd: project.path });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      backends: [
        { name: 'mine', usable: true, device: 'any', imagesPerSecond: expect.any(Number) as number },
      ],
    });
  });
});

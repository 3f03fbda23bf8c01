import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ancCli, inProcess, workplace, type Outcome, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 }); // processes of their own

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = join(root, 'docs', 'plugins.md');

/** The blocks of docs/plugins.md that name their file in a first comment. */
async function shownFiles(): Promise<readonly (readonly [name: string, code: string])[]> {
  const text = await readFile(page, 'utf8');
  return [...text.matchAll(/^```js(?:on)?\n\/\/ (\S+)\n([^]*?)^```/gm)].map(([, name, code]) => [
    name!,
    code!,
  ]);
}

/** A third party's project, with our built packages installed. */
let project: Workplace;
/** Of somebody else who has installed that project's package. */
let user: Workplace;
beforeAll(async () => {
  [project, user] = [await workplace(), await workplace()];
  await symlink(join(root, 'node_modules'), join(project.path, 'node_modules'));
  for (const [name, code] of await shownFiles()) await writeFile(join(project.path, name), code);
  await mkdir(join(user.path, 'node_modules'));
  await symlink(project.path, join(user.path, 'node_modules', 'anc-plugin-leaky'));
});
afterAll(async () => {
  await project.remove();
  await user.remove();
});

const ended = (child: ReturnType<typeof spawn>): Promise<string> =>
  new Promise((resolve) => {
    let output = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('close', () => resolve(output));
  });

async function json(cwd: string, ...args: string[]): Promise<unknown> {
  return documentOf(await inProcess([...args, '--json'], cwd));
}

function documentOf({ code, stdout, stderr }: Outcome): unknown {
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** Seconds on the built-in images. */
const quick = [
  '--limit-train',
  '64',
  '--limit-test',
  '32',
  '--batch-size',
  '32',
  '--epochs',
  '1',
  '--teacher',
];
const teacher = 'cnn(widths=[4,4],features=8)';
const plugins = [
  '--plugins',
  './small-net.mjs,./leaky-discriminator.mjs,./cosine.mjs,./fog.mjs,./sign-descent.mjs,./run-hooks.mjs',
];

describe('plugins as docs/plugins.md shows them', () => {
  it('pass their contracts by the calls that are shown', async () => {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', 'plugins.test.mjs', '--reporter=json'];
    const output = await ended(
      spawn(process.execPath, args, { cwd: project.path, stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    const report = JSON.parse(output.slice(output.indexOf('{'))) as { numPassedTests: number };
    expect(report).toMatchObject({ success: true, numFailedTests: 0 });
    expect(report.numPassedTests).toBeGreaterThan(30);
  });

  it('are described', async () => {
    expect(await json(project.path, 'describe', 'model', 'small-net', ...plugins)).toMatchObject({
      package: 'anc-plugin-small-net',
      input: [32, 32, 3],
      options: { properties: { width: { default: 8 } } },
    });
  });

  it('play together in a run', async () => {
    const args = [
      ...['run', ...plugins, ...quick, teacher],
      ...['--student', 'small-net(width=4)', '--discriminator', 'leaky(units=[8,8])'],
      ...['--regularizer', 'small-logits', '--methods', 'adversarial,cosine'],
      ...['--augment', 'crop(2),fog(0.8),halves', '--views', '4'],
      ...['--optimizer', 'sign-descent(momentum=0.8)', '--schedule', 'inverse-root', '--hook', 'epoch-log'],
    ];
    const document = documentOf(await ancCli([...args, '--json'], { cwd: project.path }));
    expect(document).toMatchObject({ students: [{ name: 'adversarial' }, { name: 'cosine' }] });
    const { run } = document as { run: string };
    const epochs = await readFile(join(project.path, run, 'epochs.log'), 'utf8');
    expect(epochs).toMatch(/^teacher 1 \S+\nadversarial 1 \S+\ncosine 1 \S+\n$/);
  });

  it('bring a task of their own', async () => {
    const own = ['--plugins', './segmentation.mjs'];
    const document = await json(
      project.path,
      'run',
      ...own,
      ...['--dataset', 'halves', '--teacher', 'pixel-net(width=8)', '--student', 'pixel-net'],
      ...['--methods', 'kd,adversarial', '--discriminator', 'conv(filters=[4])', '--adapter', 'linear'],
      ...['--limit-train', '64', '--batch-size', '32', '--epochs', '2'],
    );
    expect(document).toMatchObject({
      task: { name: 'segmentation', metrics: [{ name: 'mean-iou', better: 'higher' }] },
      students: [{ name: 'kd', testError: null }, { name: 'adversarial' }],
    });
    expect(await json(project.path, 'describe', 'task', 'segmentation', ...own)).toMatchObject({
      package: 'anc-plugin-segmentation',
    });
    const refused = await inProcess(
      ['run', ...own, '--dataset', 'glyphs', '--student', 'pixel-net', '--teacher', 'lenet5'],
      project.path,
    );
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('is for segmentation, and dataset "glyphs" is for classification');
  });

  it('provide every part of an objective', async () => {
    const document = await json(
      project.path,
      'run',
      '--plugins',
      './parts.mjs',
      ...quick,
      teacher,
      ...['--methods', 'adversarial', '--adapter', 'linear', '--regularizer', 'slow-logits'],
      ...['--adversarial-loss', 'pairs', '--data-term', 'lengths-first', '--balancer', 'even-gradients'],
    );
    expect(document).toMatchObject({ students: [{ name: 'adversarial' }] });
  });

  it('are used by name once they are installed', async () => {
    const named = ['--plugins', 'anc-plugin-leaky'];
    expect(await json(user.path, 'describe', 'discriminator', 'leaky', ...named)).toMatchObject({
      package: 'anc-plugin-leaky',
      parameters: 64 * 64 + 64 + 65,
    });
  });

  it('elsewhere end with the error that the page tells of', async () => {
    await copyFile(join(project.path, 'small-net.mjs'), join(user.path, 'copied.mjs'));
    const { code, stderr } = await ancCli(['list', '--plugins', './copied.mjs'], { cwd: user.path });
    expect(code).toBe(2);
    expect(stderr).toContain("Cannot find package '@anc/core'");
    expect(stderr).toContain('put the file into an npm project that has @anc/core');
  });
});

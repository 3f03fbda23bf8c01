import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Rng } from '@anc/core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { distill, exportModel } from '../src/index.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // the programs run in processes of their own

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A project that has the packages installed, a teacher in model.onnx, and photographs of its two classes. */
let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'anc-library-docs-'));
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
  const rng = Rng.fromSeed(1);
  for (const [name, level] of [
    ['cat', 60],
    ['dog', 180],
  ] as const) {
    await mkdir(join(project, 'photos', name), { recursive: true });
    for (let i = 1; i <= 40; i++) {
      const data = Uint8Array.from({ length: 28 * 28 * 3 }, () => level + rng.int(60));
      const image = sharp(data, { raw: { width: 28, height: 28, channels: 3 } });
      await image.jpeg().toFile(join(project, 'photos', name, `${i}.jpg`));
    }
  }
  // Of 28×28 pixels, so that the photographs are, too: 224×224 would take a minute.
  const { student, dispose } = await distill({
    images: { name: 'image-folder', options: { path: join(project, 'photos'), size: 28 } },
    teacher: 'cnn(widths=[2,2], features=8)',
    student: 'cnn(widths=[2,2], features=8)',
    method: 'kd',
    training: { epochs: 1, batchSize: 16 },
    teacherOptions: { epochs: 1 },
    folder: null,
    cwd: project,
  });
  await exportModel(student, { cwd: project, format: 'onnx', to: 'model.onnx' });
  await dispose();
});
afterAll(() => rm(project, { recursive: true, force: true }));

const execute = (file: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [file, ...args], { cwd: project });

async function executeBlock(containing: string): Promise<{ stdout: string; stderr: string }> {
  const page = await readFile(join(root, 'docs', 'library.md'), 'utf8');
  const blocks = [...page.matchAll(/^```js\n([^]*?)^```/gm)].map(([, code]) => code!);
  const found = blocks.filter((code) => code.includes(containing));
  expect(found).toHaveLength(1);
  const file = join(project, 'program.mjs');
  await writeFile(file, found[0]!);
  return execute(file);
}

describe('the programs in docs/library.md', () => {
  it('distill a teacher from a file and export the student', async () => {
    const { stdout } = await executeBlock("teacher: 'model.onnx'");
    expect(stdout).toMatch(/^kd 1 \{/m);
    expect((await readFile(join(project, 'small.onnx'))).byteLength).toBeGreaterThan(1000);
  });

  it('resume a run folder', async () => {
    const { stdout } = await executeBlock("resume('runs/long')");
    expect(stdout.trim()).toBe('kd');
  });

  it('catch an error with its code and the path of the option', async () => {
    const { stdout } = await executeBlock('error.detail.path');
    expect(stdout.trim()).toBe("ANC_CONFIG [ 'training', 'epochs' ]");
  });
});

it('examples/library/distill.mjs distills a function into an ONNX file, without other output', async () => {
  const example = join(root, 'examples', 'library', 'distill.mjs');
  const { stdout, stderr } = await execute(example, 'small-example.onnx');
  expect(stdout).toMatch(
    /^epoch 1 of 2\nepoch 2 of 2\nagreement with the teacher: \d+\.\d %\n.*small-example\.onnx: logits differ by at most \d/,
  );
  expect(stderr).toBe('');
});

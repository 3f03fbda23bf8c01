/** Comparisons that take seconds, and how two of their folders are compared. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../packages/cli/bin/anc-cli.js', import.meta.url));

export const NAME = 'students';
const SEEDS = [4, 5];

/** A comparison of some methods with two seeds. One thread, because results depend on their number in the last digits. */
export const comparisonOf = (methods, epochs) => ({
  options: [
    ['--dataset', 'glyphs', '--limit-train', '256', '--limit-test', '60', '--batch-size', '32'],
    ['--teacher', 'cnn(widths=[4,4],features=8)', '--student', 'cnn(widths=[2,2],features=8)'],
    ['--methods', methods.join(), '--seed', String(SEEDS[0]), '--seeds', String(SEEDS.length)],
    ['--epochs', String(epochs), '--threads', '1', '--backend', 'onnx', '--name', NAME],
  ].flat(),
  /** Files that every run of it must write with the same bytes; times are left out of the documents. */
  files: [
    'compare.json',
    ...SEEDS.flatMap((seed) => [
      `seed-${seed}/result.json`,
      `seed-${seed}/teacher/weights.safetensors`,
      ...methods.flatMap((method) => [
        `seed-${seed}/student/${method}/weights.safetensors`,
        `seed-${seed}/student/${method}/result.json`,
      ]),
    ]),
  ],
});

/** The only fields that hold times. */
const TIMES = ['seconds'];

function contentOf(path) {
  const bytes = readFileSync(path);
  if (!path.endsWith('.json')) return bytes.toString('base64');
  const withoutTimes = (key, value) => (TIMES.includes(key) ? 0 : value);
  return JSON.stringify(JSON.parse(bytes.toString('utf8'), withoutTimes), null, 2);
}

/** Compares two folders of the comparison. Returns how many files were compared; throws with those that differ. */
export function assertSame({ files }, one, other) {
  const different = files.filter((name) => contentOf(join(one, name)) !== contentOf(join(other, name)));
  if (different.length > 0) throw new Error(`not the same bytes: ${different.join(', ')}`);
  return files.length;
}

/** A tuning whose later trials follow from the results of the earlier ones. */
export const TUNING = {
  options: [
    ['--dataset', 'glyphs', '--limit-train', '128', '--batch-size', '32', '--epochs', '1'],
    ['--teacher', 'cnn(widths=[4,4],features=8)', '--student', 'cnn(widths=[2,2],features=8)'],
    [
      '--methods',
      'kd',
      '--learning-rates',
      '0.01,0.002',
      '--temperatures',
      '4,2',
      '--budget',
      '4',
      '--confirm',
      '2',
    ],
    ['--threads', '1', '--backend', 'onnx', '--name', NAME],
  ].flat(),
  files: ['tune.json', 'tuned.yaml', 'run/teacher/weights.safetensors'],
};

/** Runs a command in a working directory, and waits for its end. */
export function run(command, options, cwd) {
  return new Promise((resolve, reject) => {
    const args = [CLI, command, ...options, '--quiet'];
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`)),
    );
  });
}

/** Runs a comparison in one process. */
export const runAlone = ({ options }, cwd) => run('compare', options, cwd);

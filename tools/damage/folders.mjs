/** The folders that are damaged, and the commands that read them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ancCli } from './program.mjs';

const NETWORKS = ['--teacher', 'cnn(widths=[2,4],features=8)', '--student', 'cnn(widths=[2],features=8)'];
const SMALL = ['--limit-train', '96', '--batch-size', '32', '--backend', 'onnx', '--out', 'runs'];
const TRAINED = ['--dataset', 'glyphs', ...NETWORKS, ...SMALL, '--limit-test', '48'];
const RUN = ['run', ...TRAINED, '--epochs', '3', '--methods', 'adversarial,l2', '--validation', '0.25'];
const COMPARE = ['compare', ...TRAINED, '--epochs', '2', '--methods', 'l2', '--seeds', '2'];
const TUNE = [
  ...['tune', ...TRAINED.slice(0, -2), '--epochs', '2', '--methods', 'l2'],
  ...['--learning-rates', '0.01,0.02', '--budget', '2', '--confirm', '1'],
];

/** Fashion-MNIST, which `reproduce` trains on; null where it is not there. */
const shared = fileURLToPath(new URL('../../../shared/data', import.meta.url));
export const dataDir =
  [process.env.ANC_DATA_DIR, shared].find((path) => path && existsSync(join(path, 'fashion-mnist'))) ?? null;
const REPRODUCE = [
  ...['reproduce', 'table6', ...NETWORKS, ...SMALL, '--data-dir', dataDir],
  ...['--limit-test', '48', '--epochs', '1', '--seeds', '1'],
];

const resume = (command, folder) => ({
  name: `${command} --resume`,
  args: [command, '--resume', folder],
  continues: true,
});
const report = (folder) => ({ name: 'report', args: ['report', folder] });

const ofRun = (folder) => [
  resume('run', folder),
  { name: 'eval', args: ['eval', folder, '--select', 'l2'] },
  {
    name: 'export',
    args: ['export', folder, '--select', 'l2', '--format', 'safetensors', '--out', 'exported.safetensors'],
  },
  { name: 'check', args: ['check', folder, 'glyphs', '--limit', '16', '--sheet', 'sheet.png'] },
  report(folder),
  {
    name: 'run --teacher',
    args: [
      'run',
      '--dataset',
      'glyphs',
      '--teacher',
      folder,
      ...NETWORKS.slice(2),
      ...SMALL,
      '--limit-test',
      '48',
      '--epochs',
      '1',
      '--methods',
      'l2',
      '--name',
      'from',
    ],
  },
];

/** A command's folder, finished, and interrupted at a message; `more`: what reads the interrupted one, besides the command. */
const finishedAndNot = (what, command, make, folder, interruptAfter, readers, more = [report(folder)]) => {
  const common = { folder, make: [...make, '--name', folder.split('/')[1]] };
  return [
    { ...common, name: `finished ${what}`, readers },
    {
      ...common,
      name: `interrupted ${what}`,
      interruptAfter,
      whole: `finished ${what}`,
      readers: [resume(command, folder), ...more],
    },
  ];
};
const repeated = (command, folder) => [resume(command, folder), report(folder)];

/**
 * How each folder is made, and which files of it are damaged. `interruptAfter`: the message at which work is
 * interrupted; without it the folder is finished.
 */
export const folders = [
  ...finishedAndNot('run', 'run', RUN, 'runs/a', 'l2 (3 of 3)  epoch 1/3 done', ofRun('runs/a'), [
    report('runs/a'),
    { name: 'eval', args: ['eval', 'runs/a', '--select', 'adversarial'] },
  ]),
  ...finishedAndNot(
    'comparison',
    'compare',
    COMPARE,
    'runs/c',
    'seed 2 (2 of 2), l2 (2 of 2)  epoch 1/2 done',
    repeated('compare', 'runs/c'),
    [], // the report of what is not finished has nothing to show, here and below
  ),
  ...finishedAndNot(
    'tuning',
    'tune',
    TUNE,
    'runs/t',
    'l2, trial 2 of 2 (1 of 1)  epoch 1/2 done',
    repeated('tune', 'runs/t'),
    [],
  ),
  ...(dataDir === null
    ? []
    : finishedAndNot(
        'table',
        'reproduce',
        REPRODUCE,
        'runs/r',
        'adversarial-3 (5 of 6)  epoch 1/1',
        repeated('reproduce', 'runs/r'),
        [],
      )),
];

/** Makes a folder in `place`, once. */
export async function makeFolder({ name, folder, make, interruptAfter }, place) {
  if (existsSync(join(place, folder))) return;
  const { code, stderr, stdout } = await ancCli(make, place, interruptAfter);
  if (code !== (interruptAfter === undefined ? 0 : 130))
    throw new Error(`${name}: exit code ${code}\n${stderr}${stdout}`);
}

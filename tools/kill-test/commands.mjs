/** The commands that are killed: how each is started and continued, and where its results are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DATASET = fileURLToPath(new URL('dataset.mjs', import.meta.url));

/** Networks and data that are trained in less than a second. */
const NETWORKS = ['--teacher', 'cnn(widths=[2,4],features=8)', '--student', 'cnn(widths=[2],features=8)'];
const SMALL = ['--limit-train', '96', '--batch-size', '32', '--backend', 'onnx', '--quiet'];
const TRAINED = ['--dataset', 'glyphs', ...NETWORKS, ...SMALL];

/** A command that trains in a folder of its own, and is continued with `--resume`. */
const training = (name, ...args) => ({
  name,
  group: name,
  folder: join('runs', name),
  start: [name, ...args, '--out', 'runs', '--name', name],
  resume: [name, '--resume', join('runs', name), '--quiet'],
});

/** A command that writes one result, and is repeated where it is not there. */
const writing = (name, group, folder, start) => ({
  name,
  group,
  folder,
  start,
  resume: start,
  repeats: true,
});

/**
 * @param reference folder of an uninterrupted run, whose models are exported
 * @param dataDir folder with Fashion-MNIST, which `reproduce` trains on; null where there is none
 */
export function commandsIn({ reference, dataDir }) {
  const weights = join(reference, 'student', 'l2', 'weights.safetensors');
  const run = training(
    'run',
    ...TRAINED,
    ...['--limit-test', '48', '--epochs', '3', '--methods', 'adversarial,l2', '--validation', '0.25'],
    ...['--teacher-cache-dir', 'cache'],
  );
  const all = [
    run,
    writing('import', 'import', 'imported/weights.safetensors', [
      ...['import', weights, '--out', 'imported/weights.safetensors'],
    ]),
    training('compare', ...TRAINED, '--limit-test', '48', '--epochs', '2', '--methods', 'l2', '--seeds', '2'),
    writing('data get', 'data get', 'data/served-pixels/pixels.bin', [
      ...['data', 'get', 'served-pixels', '--data-dir', 'data', '--plugins', DATASET, '--quiet'],
    ]),
    training(
      'tune',
      ...TRAINED,
      ...[
        '--epochs',
        '2',
        '--methods',
        'l2',
        '--learning-rates',
        '0.01,0.02',
        '--budget',
        '2',
        '--confirm',
        '1',
      ],
    ),
    ...['model.onnx', 'tfjs', 'model.keras', 'model.safetensors'].map((file) => {
      const format = file.replace('model.', '');
      const args = ['export', reference, '--format', format, '--select', 'l2', '--out', `exported/${file}`];
      return writing(`export to ${format}`, 'export', `exported/${file}`, args);
    }),
  ];
  if (dataDir === null) return all;
  const reproduce = training(
    'reproduce',
    ...['table6', ...NETWORKS, ...SMALL, '--data-dir', dataDir],
    ...['--limit-test', '48', '--epochs', '1', '--seeds', '1'],
  );
  return [...all, reproduce];
}

/** Whether there is something to continue, or a result that is not to be overwritten. */
export const isThere = ({ folder }, place) => existsSync(join(place, folder));

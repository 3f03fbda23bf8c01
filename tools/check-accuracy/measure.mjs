/**
 * How often `check` is right about the preprocessing of models whose preprocessing is known, with labels and without:
 * those of train.py, and two published ones. Prints a table in Markdown.
 *
 *     node tools/check-accuracy/data.mjs ../shared/data work
 *     python tools/check-accuracy/train.py work
 *     node tools/check-accuracy/measure.mjs ../shared/data work
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from '@anc/pipeline';

const [dataFolder, workFolder] = process.argv.slice(2);
const TRUE = {
  unit: '0 to 1',
  signed: '-1 to 1',
  bytes: '0 to 255',
  imagenet: 'ImageNet mean/std',
  caffe: 'ImageNet mean off',
  cifar10: 'CIFAR-10 mean/std',
  cifar100: 'CIFAR-100 mean/std',
  svhn: 'SVHN mean/std',
  mnist: 'MNIST mean/std',
  'fashion-mnist': 'Fashion-MNIST mean/std',
};

const published = [
  {
    name: 'fashion-mnist-cnn',
    file: 'fashion-mnist-cnn.onnx',
    set: 'fashion',
    preprocessing: 'unit',
    order: 'grey',
    architecture: 'published',
  },
  {
    name: 'resnet20-akamaster',
    file: 'resnet20-cifar10-akamaster.th',
    set: 'cifar10',
    preprocessing: 'imagenet',
    order: 'rgb',
    architecture: 'published',
  },
];
for (const { file } of published) {
  if (!existsSync(join(workFolder, file)))
    copyFileSync(join(dataFolder, 'models', file), join(workFolder, file));
}
const trained = readdirSync(workFolder)
  .filter((name) => name.endsWith('.model.json'))
  .sort()
  .map((name) => ({
    name: name.replace('.model.json', ''),
    ...JSON.parse(readFileSync(join(workFolder, name), 'utf8')),
  }));

/** The true preprocessing in the words of `check`. */
const truthOf = ({ preprocessing, order }) =>
  order === 'grey' ? TRUE[preprocessing] : `${order.toUpperCase()}, ${TRUE[preprocessing]}`;

/** In the words of a candidate, also where it is the one in use: `RGB, as it is given (0 to 1)`. */
const plain = (words) => words.replace(/as it is given \((.*)\)$/, '$1');

const verdicts = { labeled: {}, unlabeled: {} };
const rows = [];
for (const model of [...published, ...trained]) {
  const truth = truthOf(model);
  const row = [model.name, model.architecture, truth];
  for (const kind of ['unlabeled', 'labeled']) {
    const found = await check(model.file, `${model.set}-${kind}`, {
      cwd: workFolder,
      limit: 300,
      seconds: 60,
    });
    const among = found.among.map(plain);
    const outcome =
      found.verdict !== 'likely'
        ? `undecided${among.includes(truth) ? '' : ', without it'}`
        : among[0] === truth
          ? 'correct'
          : 'wrong';
    verdicts[kind][outcome] = (verdicts[kind][outcome] ?? 0) + 1;
    row.push(
      found.verdict === 'undecided'
        ? outcome.replace('undecided', `undecided among ${among.length}`)
        : outcome,
    );
    if (process.env.VERBOSE) {
      console.error(model.name, kind, truth, '->', found.verdict, among.join(' | '), 'in use', found.inUse);
      for (const p of found.preprocessings.slice(0, 8)) {
        const right = p.accuracy === null ? '' : p.accuracy.toFixed(3);
        console.error(
          '   ',
          p.order,
          p.name.padEnd(24),
          p.score.toFixed(3),
          p.decided.toFixed(3),
          p.consistent.toFixed(3),
          p.behind.toFixed(3),
          right,
        );
      }
    }
  }
  rows.push(row);
}
const lines = [
  ['model', 'network', 'preprocessing', 'without labels', 'with labels'],
  ['---', '---', '---', '---', '---'],
  ...rows,
].map((cells) => `| ${cells.join(' | ')} |`);
const sums = Object.entries(verdicts).map(
  ([kind, counts]) =>
    `${kind}: ${Object.entries(counts)
      .map(([outcome, n]) => `${n} ${outcome}`)
      .join('; ')}, of ${rows.length}`,
);
writeFileSync(join(workFolder, 'table.md'), `${lines.join('\n')}\n\n${sums.join('\n')}\n`);
console.log(`${lines.join('\n')}\n\n${sums.join('\n')}`);
for (const name of readdirSync(workFolder))
  if (/^check(-\d+)?\.png$/.test(name)) rmSync(join(workFolder, name));

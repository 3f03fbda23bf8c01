import { count, percent, shell, table } from './markdown.mjs';
import { changes, described } from './given-teacher/candidates.mjs';

/** How students of a given teacher were trained to choose the preset `given-teacher`, as a section of the page. */
export const givenTeacherSection = ({ rows, cpu, node }) =>
  [
    '## How to train a student of a given teacher\n',
    shell(
      'node tools/results/given-teacher/measure.mjs --pair fashion --changes affine,strong --terms kd@0.006,l1@0.006',
    ),
    'The preset `given-teacher` was chosen from these. Every candidate of a table has the same number of updates in batches of the same size, and sees eight fixed views of every image, whose teacher outputs are cached: they take the same time but for what changing images costs: 2.2 ms of one core for a batch of 64 images of 28×28 with affine, 4.7 ms with strong, where an update without changes takes about 20 ms. Agreement is with the teacher, in per cent, on training images that no student sees; ± is a 95 % interval over these images for one seed, over the seeds for several. The test images were not opened.\n',
    ...Object.keys(described).flatMap((pair) =>
      pairSection(
        pair,
        rows.filter((row) => row.pair === pair),
      ),
    ),
    `Changes: ${Object.entries(changes)
      .filter(([name]) => rows.some(({ change }) => change === name))
      .map(([name, { augment = [] }]) => `${name}: ${augment.map(inWords).join(', ') || 'none'}`)
      .join(
        '; ',
      )}. Terms: \`kd\` is Kullback-Leibler at temperature 4, \`l1\` the mean difference of centered logits; after @ the rate of Adam, which falls along a cosine.\n`,
    `Measured on one thread of a shared machine (${cpu}), Node ${node.replace('v', '')}, at commits ${[...new Set(rows.map(({ commit }) => commit))].join(', ')}.\n`,
  ].join('\n');

const inWords = (one) => (typeof one === 'string' ? one : one.name);

function pairSection(pair, rows) {
  return [...grouped(rows, keyOf).values()].flatMap((some) => {
    const { size, updates, batch } = some[0];
    const best = [...grouped(some, ({ change, term }) => `${change} ${term}`).values()].map(summary);
    return [
      `${count(size)} images, ${count(updates)} updates of ${batch}: ${described[pair].title}; ${count(described[pair].measured)} images to measure on.\n`,
      table(
        ['changes', 'term', 'seeds', 'agreement'],
        best.sort((a, b) => b.mean - a.mean).map((one) => one.cells),
      ),
      '',
    ];
  });
}

const keyOf = ({ size, updates, batch }) => `${size} ${updates} ${batch}`;

function grouped(rows, by) {
  const groups = new Map();
  for (const row of rows) groups.set(by(row), [...(groups.get(by(row)) ?? []), row]);
  return groups;
}

/** Two-sided 95 % quantiles of Student's t, by degrees of freedom. */
const T = [NaN, 12.71, 4.3, 3.18, 2.78];

function summary(rows) {
  const { pair, change, term } = rows[0];
  const all = rows.map(({ agreement }) => agreement);
  const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
  const deviation = Math.sqrt(all.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (all.length - 1));
  const margin =
    all.length === 1
      ? 1.96 * Math.sqrt((mean * (1 - mean)) / described[pair].measured)
      : (T[all.length - 1] * deviation) / Math.sqrt(all.length);
  return {
    mean,
    cells: [change, `\`${term}\``, `${all.length}`, `${percent(mean)} ± ${percent(margin)}`],
  };
}

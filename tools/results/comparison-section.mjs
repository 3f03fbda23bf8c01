import {
  bullets,
  count,
  interval,
  machine,
  methodName,
  minutes,
  percent,
  points,
  section,
  shell,
  table,
} from './markdown.mjs';

/** What the paper did, for what falls short of it. */
const PAPER = {
  'fashion-mnist': {
    images: 60_000,
    epochs: 120,
    batchSize: 128,
    augmentation: 'crop and flip',
    teacherError: 0.0798,
    models: { teacher: 'nin', student: 'lenet4' },
    /** Test errors in per cent by method: Tables 2, 6 and 8. Its run of Hinton's method reads labels, `kd` here does not. */
    studentErrors: {
      supervised: '8.77',
      l2: '8.89',
      kd: '8.71, with labels',
      'adversarial(regularizer="none")': '9.62',
      'adversarial(regularizer="l1")': '8.91',
      'adversarial(regularizer="l2")': '8.75',
      'adversarial(regularizer="adversarial-samples")': '8.64',
    },
  },
};

const VERDICTS = {
  better: 'better',
  worse: 'worse',
  'not-distinguishable': 'not distinguishable',
  'one-seed': 'one seed',
};

/** An experiment of comparisons as a section of the page. */
export const comparisonSection = (measured) => section(measured, partOf);

function partOf({ title, command, options, environment, minus, result }) {
  const { methods, interpretation = result.reading } = result; // the name in earlier versions
  return [
    ...(title === undefined ? [] : [`### ${title}\n`]),
    shell(command),
    `${models(result)}\n`,
    errors(methods, paperErrors(options, result)),
    '',
    ...differences(minus),
    ...adversarialTraining(methods),
    'Interpretation by the program:\n',
    bullets(sentences(interpretation, methods)),
    '',
    ...shortfall(options, result),
    `${machine(environment)}\n`,
  ].join('\n');
}

/** What a comparison's table does not show: how adversarial training went, and what the intervals cover. */
const sentences = (interpretation, methods) =>
  interpretation
    .filter((line) => !/: (not distinguishable from|better than|worse than|one seed decides)/.test(line))
    .map((line) => {
      const method = methods.find(({ name }) => line.startsWith(`${name}: `));
      return method === undefined ? line : line.replace(`${method.name}: `, `${methodName(method.method)}: `);
    });

function models({ teacher, methods, seeds, testImages }) {
  const [{ model, parameters, flops, bytes, seconds }] = methods;
  const trained = teacher.seconds > 0 ? ` It was trained in ${minutes(teacher.seconds)}.` : '';
  return `One teacher (${teacher.model}, ${count(teacher.parameters)} parameters, test error ${percent(teacher.testError)} %), shared by all.${trained} The students are ${model}: ${count(parameters)} parameters, ${(flops / 1e6).toFixed(1)} MFLOP per image, ${(bytes / 1e6).toFixed(2)} MB, seeds ${seeds.join(', ')}, ${minutes(seconds.mean)} for one of \`${methods[0].name}\`. ${count(testImages)} test images.`;
}

/** Errors of the paper's students by method, where the same networks were trained in epochs; null elsewhere. */
function paperErrors({ stepsPerEpoch }, { dataset, teacher, methods }) {
  const paper = PAPER[dataset];
  const isPaired =
    stepsPerEpoch === undefined &&
    teacher.model === paper?.models.teacher &&
    methods.every(({ model }) => model === paper.models.student);
  return isPaired ? paper.studentErrors : null;
}

function errors(methods, paper) {
  const references = [...new Set(methods.flatMap(({ differences }) => differences.map(({ to }) => to)))];
  const against = ({ differences }, name) => {
    const found = differences.find(({ to }) => to === name);
    return found === undefined ? '' : `${points(found.difference)}: ${VERDICTS[found.verdict]}`;
  };
  return table(
    [
      ...[
        'method',
        'labels',
        'test error',
        ...(paper === null ? [] : ['test error in the paper']),
        'agreement',
      ],
      ...references.map((name) => `minus \`${name}\``),
      'time',
    ],
    methods.map((one) => [
      methodName(one.method),
      one.usesLabels ? 'yes' : 'no',
      interval(one.testError),
      ...(paper === null ? [] : [paper[one.method] ?? '–']),
      interval(one.agreement),
      ...references.map((name) => against(one, name)),
      minutes(one.seconds.mean),
    ]),
  );
}

/** Test errors minus those of another part with the same seeds. */
function differences(minus) {
  if (minus === undefined) return [];
  const rows = minus.methods.map(({ method, testError }) => [methodName(method), points(testError)]);
  return [table(['method', `test error minus that of \`${minus.part}\``], rows), ''];
}

/** Adversarial training in the last epoch, for the methods that have it. */
function adversarialTraining(methods) {
  const adversarial = methods.filter(({ game }) => game !== undefined);
  if (adversarial.length === 0) return [];
  const shown = (value) => (typeof value === 'number' ? String(Number(value.toPrecision(3))) : '∞');
  const rows = adversarial.map(({ method, game }) => [
    methodName(method),
    game.auc.toFixed(3),
    shown(game.gradientRatio),
    points({ mean: game.gradientCosine / 100, margin: null }),
  ]);
  return [
    'Adversarial training in the last epoch, means over the seeds (AUC: how well the discriminator distinguishes teacher and student; ratio: the gradient of the data term over that of the adversarial term at the features; cosine between the two):\n',
    table(['method', 'AUC', 'ratio', 'cosine'], rows),
    '',
  ];
}

/** Paper beside here, where the paper has the experiment: all images, in epochs. */
function shortfall(
  { limitTrain, epochs, teacherEpochs = epochs, batchSize, crop, flip, stepsPerEpoch },
  { dataset, teacher, seeds },
) {
  const paper = PAPER[dataset];
  if (paper === undefined || stepsPerEpoch !== undefined) return [];
  const images = limitTrain ?? paper.images;
  const updates = (of, all, size) => of * Math.floor(all / size);
  const ours = [crop > 0 ? 'crop' : '', flip ? 'flip' : ''].filter(Boolean).join(' and ') || 'none';
  const trained = teacher.seconds > 0;
  return [
    "Where it falls short of the paper's experiment:\n",
    table(
      ['', 'paper', 'here'],
      [
        ['training images', count(paper.images), count(images)],
        ['epochs of the students', paper.epochs, epochs],
        [
          'updates of the students',
          count(paper.epochs * Math.ceil(paper.images / paper.batchSize)),
          count(updates(epochs, images, batchSize)),
        ],
        ...(trained ? [['epochs of the teacher', paper.epochs, teacherEpochs]] : []),
        ['batch', paper.batchSize, batchSize],
        ['augmentation', paper.augmentation, ours],
        ['seeds', 1, seeds.length],
        ["teacher's test error", `${percent(paper.teacherError)} %`, `${percent(teacher.testError)} %`],
      ],
    ),
    '',
  ];
}

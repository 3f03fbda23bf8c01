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

/** A tuning as a section of the page. */
export const tuningSection = ({ preset, ...measured }) => section(measured, (part) => partOf(part, preset));

/** What was best, and what the preset takes, with the figures of both. */
function presetInWords({ method, learningRate, temperature }, methods) {
  const { tries, best } = methods.find((one) => one.method === method);
  const isTaken = ({ setting }) =>
    setting.learningRate === learningRate && (setting.temperature ?? temperature) === temperature;
  const taken = tries.find(isTaken);
  const shown = ({ setting, agreement }) =>
    `${setting.learningRate} (T ${setting.temperature}, agreement ${percent(agreement)} %)`;
  if (isTaken(best)) return `The preset takes what was best for \`${method}\`: ${shown(best)}.\n`;
  return `Best for \`${method}\` was ${shown(best)}; the preset takes ${taken === undefined ? `${learningRate} (T ${temperature}), which was not tried` : shown(taken)}.\n`;
}

function partOf({ command, options, environment, result }, preset) {
  const {
    methods,
    interpretation = result.reading,
    trainingImages,
    heldOutImages,
    teacherError,
    confirmationSeeds,
  } = result;
  const { epochs, batchSize } = options;
  const updates = epochs * Math.floor(trainingImages / batchSize);
  const tries = methods.reduce((sum, { tries }) => sum + tries.length, 0);
  const seconds = methods.reduce(
    (sum, one) => sum + one.tries.reduce((all, { seconds }) => all + seconds, 0),
    0,
  );
  return [
    shell(command),
    `${count(trainingImages)} training images, ${epochs} epochs of batches of ${batchSize} (${count(updates)} updates), ${count(heldOutImages)} held-out training images, on which the teacher's error is ${percent(teacherError)} %. ${tries} trials, ${minutes(seconds)} of training. What was chosen was trained again with the fresh seeds ${confirmationSeeds.join(', ')}. The test images were not opened.\n`,
    table(
      [
        'method',
        'trials',
        'learning rate',
        'temperature',
        'agreement',
        'agreement, fresh seeds',
        'error, fresh seeds',
      ],
      methods.map(({ method, tries, best, confirmed }) => [
        methodName(method),
        tries.length,
        best?.setting.learningRate ?? '–',
        best?.setting.temperature ?? '',
        percent(best?.agreement),
        interval(confirmed?.agreement),
        interval(confirmed?.error),
      ]),
    ),
    '',
    'All trials, held-out agreement:\n',
    bullets(methods.map((one) => `${methodName(one.method)}: ${triesOf(one)}`)),
    '',
    ...(preset === undefined ? [] : [presetInWords(preset, methods)]),
    'Interpretation by the program:\n',
    bullets(interpretation.filter((line) => !/, held-out agreement\.$/.test(line))),
    '',
    ...controls(methods),
    `${machine(environment)}\n`,
  ].join('\n');
}

const triesOf = ({ tries }) =>
  [...tries]
    .sort((a, b) => a.setting.learningRate - b.setting.learningRate)
    .map(({ setting: { learningRate, temperature }, agreement }) => {
      const rate = temperature === undefined ? learningRate : `${learningRate} (T ${temperature})`;
      return `${rate}: ${agreement === null ? 'diverged' : percent(agreement)}`;
    })
    .join(', ');

/** Adversarial term against its controls, agreement in points. */
function controls(methods) {
  const rows = methods.flatMap(({ method, differences }) =>
    differences.map(({ to, difference, verdict }) => [
      methodName(method),
      `\`${to}\``,
      points(difference),
      verdict.replaceAll('-', ' '),
    ]),
  );
  return rows.length === 0 ? [] : [table(['method', 'against', 'held-out agreement', 'verdict'], rows), ''];
}

import { classification, type Normalization, type TaskMetric, type Tree } from '@anc/core';
import { generatorAlarms, kappaMatters, metricOf } from '@anc/core/internal';
import type { WeightsMetadata } from '@anc/formats';
import { isQuantized } from '@anc/methods';
import { taskNameOf } from '../data/dataset-facts.js';
import { transferInWords } from '../data/transfer-dataset.js';
import { describeNamed, type Named } from '../text/named.js';
import { formatCount, formatKappa, formatMetric, formatSeconds, formatShare } from '../text/format.js';
import { isOwn, type PluginRecord } from '../composition/provenance.js';
import { COMPACT } from './compact.js';
import type { TrainingOptions } from '../options/run-options.js';
import type { Plan, PlannedModel, TrainingPlan } from '../planning/plan.js';
import type { ModelResult, StudentResult } from '../events/documents.js';
import { isEndpoint } from '../endpoint/endpoint-options.js';
import { shownUrl } from '../endpoint/post-batch.js';
import { sheetsOf } from './generated-sheets.js';
import { stoppedWhere } from './stopped.js';
import { WEIGHTS } from '../files/weights.js';

/** Metadata of a weights file: enough to use it without the run. */
export function weightsMetadata(
  plan: TrainingPlan,
  { method, options, seed, network: { model } }: PlannedModel,
): WeightsMetadata {
  const { dataset, normalization } = plan.data;
  const { quantize = 'none' } = (options ?? {}) as { quantize?: unknown };
  return {
    model: model.name,
    modelOptions: model.options,
    input: dataset.shape,
    classes: plan.classNames ?? dataset.classes.length,
    ...(plan.task.task === classification ? {} : { task: taskNameOf(dataset) }),
    normalization,
    method: method.name,
    methodOptions: quantize === 'none' ? method.options : { ...method.options, quantize },
    dataset: describeNamed(plan.options.data.dataset),
    seed,
  };
}

/** README.md beside the weights. */
export function modelCard(
  plan: Plan,
  model: PlannedModel,
  result: ModelResult & Partial<Pick<StudentResult, 'agreement' | 'agreementBaseline' | 'kappa'>>,
  lastMetrics: Tree<number> = {},
): string {
  const { options, data } = plan;
  const [primary] = plan.task.description.metrics;
  const label = labelOf(primary);
  const { network } = model;
  const learnedFrom = model.needsTeacher
    ? `It learned from \`${teacherInWords(options.teacher.model)}\`${model.stages.some(({ usesLabels }) => usesLabels) ? '' : ', without labels'}.`
    : 'It learned from labels.';
  const transfer = transferInWords(options.data, data.test.images.count);
  const lines = [
    `# ${describeNamed(network.model)}, ${model.name}`,
    '',
    `\`${describeNamed(network.model)}\` for ${data.dataset.shape.join('×')} images of ${data.dataset.classes.length} classes, trained by the method \`${describeNamed(model.method)}\` on ${describeNamed(options.data.transferDataset ?? options.data.dataset)}. ${learnedFrom}`,
    ...(transfer === null ? [] : ['', transfer]),
    '',
    '| | |',
    '|---|---|',
    ...plan.task.description.metrics
      .filter(({ inTables = true }) => inTables && data.test.images.count > 0)
      .map(
        (metric) =>
          `| ${labelOf(metric)} | ${formatMetric(metricOf(result, metric), metric)} of ${formatCount(data.test.images.count)} images |`,
      ),
    ...(result.agreement === undefined
      ? []
      : [
          `| agreement with the teacher | ${formatShare(result.agreement)}${chanceOf(result, data.dataset.classes.length)} |`,
        ]),
    ...(result.best === undefined
      ? []
      : [
          `| best epoch on held-out images | ${result.best.epoch}: ${label} ${formatMetric(metricOf(result.best, primary), primary)}, weights in \`best/\` |`,
        ]),
    ...(result.ema === undefined
      ? []
      : [
          `| moving average of the weights${result.ema.decay === null ? '' : `, decay ${result.ema.decay}`} | ${label} ${formatMetric(metricOf(result.ema, primary), primary)}${result.ema.agreement === undefined ? '' : `, agreement ${formatShare(result.ema.agreement)}`}, weights in \`ema/\` |`,
        ]),
    ...(result.stopped === undefined ? [] : [`| stopped | ${stoppedWhere(result.stopped)} |`]),
    `| parameters | ${formatCount(result.parameters)} |`,
    `| FLOPs per image | ${formatCount(result.flops)} |`,
    `| training images | ${imagesInWords(model, data.train.images.count)} |`,
    `| epochs, batch, seed | ${epochsInWords(model, result)}, ${batchInWords(options.training)}, ${model.seed} |`,
    '',
    ...(isQuantized(network.network)
      ? [
          `Few-valued weights (${network.network.estimator.name}): \`${COMPACT}\` holds what ships, ${formatCount(result.bytes)} bytes of codes and levels; \`${WEIGHTS}\` holds the full-precision weights behind them.`,
          '',
        ]
      : []),
    ...(data.test.images.count > 0 ? [] : ['Nothing was measured on real images: there were none.', '']),
    ...generatedInWords(model, lastMetrics),
    `Weights: \`${WEIGHTS}\` (SHA-256 \`${result.weights}\`); names start with \`params/\` or, for running averages, \`stats/\`.`,
    '',
    `Input: bytes (0 to 255), NHWC; ${describeNormalization(data.normalization)}.`,
    '',
    ...(plan.classNames === null ? [] : [`Classes: ${plan.classNames.join(', ')}.`, '']),
    ...pluginLines(plan.plugins),
    'One run with one seed: differences to other students may be chance.',
  ];
  return `${lines.join('\n')}\n`;
}

/** What is not part of the program and had a share in the run. */
const pluginLines = (plugins: readonly PluginRecord[]): string[] => {
  const named = plugins
    .filter(isOwn)
    .map(
      ({ name, version, digest }) =>
        `\`${name}\`${version === null ? '' : ` ${version}`}${digest === null ? '' : ` (\`${digest}\`)`}`,
    );
  return named.length === 0 ? [] : [`Plugins: ${named.join(', ')}.`, ''];
};

/** A teacher's name and options; of an address without its query, which may hold a key. */
const teacherInWords = (teacher: Named): string =>
  describeNamed(isEndpoint(teacher) ? { ...teacher, name: shownUrl(teacher.name) } : teacher);

const labelOf = ({ name, label = name }: TaskMetric): string => label;

/** ` (always predicting its most frequent class: 12.00 %)`, with Cohen's kappa where that is much. */
function chanceOf({ agreementBaseline, kappa }: Partial<StudentResult>, classes: number): string {
  if (agreementBaseline === undefined) return '';
  const much = kappaMatters(agreementBaseline, classes) ? `; Cohen's kappa ${formatKappa(kappa)}` : '';
  return ` (always predicting its most frequent class: ${formatShare(agreementBaseline)}${much})`;
}

/** `1,600`, or that they were generated. */
function imagesInWords({ stages }: PlannedModel, count: number): string {
  if (stages.every(({ imageShare }) => imageShare === 0)) return 'none: they were generated';
  return `${formatCount(count)}${stages.some(({ generated }) => generated !== undefined) ? ', and generated ones' : ''}`;
}

/** What the teacher said of the images that were generated last, and what they look like. */
function generatedInWords({ stages, epochs }: PlannedModel, metrics: Tree<number>): string[] {
  if (stages.every(({ generated }) => generated === undefined)) return [];
  const shown = (name: string): number | null => metrics[`generator/${name}`] ?? null;
  const deviation = shown('deviation');
  const last = sheetsOf(epochs).at(-1);
  return [
    `Generated images of the last epoch: entropy of the teacher's mean answer ${formatShare(shown('entropy'))} of the largest possible, ` +
      `mean entropy of its answers ${formatShare(shown('unsure'))}, largest class ${formatShare(shown('top-class'))}, ` +
      `saturated pixels ${formatShare(shown('saturation'))}, deviation of a pixel ${deviation === null ? '–' : deviation.toFixed(1)} bytes.`,
    '',
    ...(last === undefined ? [] : [`![images that the generator made](${last})`, '']),
    ...generatorAlarms(metrics).map(({ message, advice }) => `Alarm: ${message} What to do: ${advice}`),
    ...(generatorAlarms(metrics).length === 0 ? [] : ['']),
  ];
}

const batchInWords = ({ batchSize, accumulate = 1 }: TrainingOptions): string =>
  accumulate === 1 ? `${batchSize}` : `${batchSize} in ${accumulate} micro-batches`;

function describeNormalization(normalization: Normalization): string {
  if (normalization === 'per-image') return 'each image is normalized by its own mean and deviation';
  const { mean, std } = normalization;
  const round = (values: readonly number[]): string => values.map((value) => value.toFixed(3)).join(', ');
  return mean.length === std.length
    ? `the network sees (x - mean) / std per channel, mean ${round(mean)}, std ${round(std)}`
    : `the network sees (x - mean image) / std, std ${round(std)}; the mean image is in the metadata of the weights`;
}

/** `6`, or the steps of a training for a time. */
function epochsInWords({ epochs }: PlannedModel, { timeBox }: ModelResult): string {
  if (timeBox === undefined) return String(epochs);
  const { from, until, revisions } = timeBox;
  return `${formatCount(revisions.at(-1)?.[2] ?? null)} steps in ${formatSeconds(until - from)}`;
}

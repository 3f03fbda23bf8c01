import type { Normalization } from '@anc/core';
import { isQuantized } from '@anc/methods';
import { describeNamed } from '../config/named.js';
import { formatCount, formatShare } from '../terminal/table.js';
import { COMPACT } from './compact.js';
import type { Plan, Planned, PlannedModel } from './plan.js';
import type { ModelResult } from './documents.js';
import { WEIGHTS } from './weights.js';

/** What stands inside a weights file: enough to use it without the run. */
export function weightsMetadata(
  plan: Planned,
  { method, options, seed, network: { model } }: PlannedModel,
): Record<string, string> {
  const { dataset, normalization } = plan.data;
  const { quantize = 'none' } = (options ?? {}) as { quantize?: unknown };
  return {
    model: model.name,
    modelOptions: JSON.stringify(model.options),
    input: JSON.stringify(dataset.shape),
    classes: JSON.stringify(dataset.classes),
    normalization: JSON.stringify(normalization),
    method: method.name,
    methodOptions: JSON.stringify(quantize === 'none' ? method.options : { ...method.options, quantize }),
    dataset: describeNamed(plan.config.dataset),
    seed: String(seed),
  };
}

/** README.md beside the weights. */
export function modelCard(
  plan: Plan,
  player: PlannedModel,
  result: ModelResult & { readonly agreement?: number },
): string {
  const { config, data } = plan;
  const { network } = player;
  const taught = player.needsTeacher
    ? `It learnt from \`${describeNamed(config.teacher)}\`${player.stages.some(({ usesLabels }) => usesLabels) ? '' : ', without labels'}.`
    : 'It learnt from labels.';
  const lines = [
    `# ${describeNamed(network.model)}, ${player.name}`,
    '',
    `\`${describeNamed(network.model)}\` for ${data.dataset.shape.join('×')} images of ${data.dataset.classes.length} classes, trained by the method \`${describeNamed(player.method)}\` on ${describeNamed(config.dataset)}. ${taught}`,
    '',
    '| | |',
    '|---|---|',
    `| test error | ${formatShare(result.testError)} of ${formatCount(data.test.images.count)} images |`,
    ...(result.agreement === undefined
      ? []
      : [`| agreement with the teacher | ${formatShare(result.agreement)} |`]),
    ...(result.best === undefined
      ? []
      : [
          `| best epoch on held-out images | ${result.best.epoch}: test error ${formatShare(result.best.testError)}, weights in \`best/\` |`,
        ]),
    `| parameters | ${formatCount(result.parameters)} |`,
    `| FLOPs per image | ${formatCount(result.flops)} |`,
    `| training images | ${formatCount(data.train.images.count)} |`,
    `| epochs, batch, seed | ${player.epochs}, ${config.batchSize}, ${player.seed} |`,
    '',
    ...(isQuantized(network.network)
      ? [
          `Few-valued weights (${network.network.estimator.name}): \`${COMPACT}\` holds what ships, ${formatCount(result.bytes)} bytes of codes and levels; \`${WEIGHTS}\` holds the full-precision weights behind them.`,
          '',
        ]
      : []),
    `Weights: \`${WEIGHTS}\` (SHA-256 \`${result.weights}\`); names start with \`params/\` or, for running averages, \`stats/\`.`,
    '',
    `Input: bytes (0 to 255), NHWC; ${describeNormalization(data.normalization)}.`,
    '',
    `Classes: ${data.dataset.classes.join(', ')}.`,
    '',
    'One run with one seed: differences to other students may be chance.',
  ];
  return `${lines.join('\n')}\n`;
}

function describeNormalization(normalization: Normalization): string {
  if (normalization === 'per-image') return 'each image is normalised by its own mean and deviation';
  const { mean, std } = normalization;
  const round = (values: readonly number[]): string => values.map((value) => value.toFixed(3)).join(', ');
  return mean.length === std.length
    ? `the network sees (x - mean) / std per channel, mean ${round(mean)}, std ${round(std)}`
    : `the network sees (x - mean image) / std, std ${round(std)}; the mean image is in the metadata of the weights`;
}

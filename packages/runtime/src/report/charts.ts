import type { TaskMetric } from '@anc/core';
import { taskOfDocument, type TaskDescription } from '@anc/core/internal';
import type { History } from './history.js';

/** Lines over a model's epochs, or over another axis. */
export interface Chart {
  /** What is drawn. */
  readonly title: string;
  /** One for each model, method or metric. */
  readonly lines: readonly Line[];
  /** Fixed bounds of the value axis; free where absent. */
  readonly bounds?: readonly [number, number];
  /** Values that may span orders of magnitude: a logarithmic axis if all of them allow it. */
  readonly wide?: boolean;
  /** The horizontal axis; default: epochs from 1. */
  readonly axis?: Axis;
}

/** A horizontal axis of given values, at equal distances. */
export interface Axis {
  /** What its values are. */
  readonly name: string;
  /** Ascending, one for each value of a line. */
  readonly values: readonly number[];
}

/** One line of a chart. */
export interface Line {
  /** As the legend names it. */
  readonly name: string;
  /** One per epoch, or per value of the axis; NaN where there is none or it diverged. */
  readonly values: readonly number[];
}

/** What the discriminator's metrics are called in the paper. */
const DISCRIMINATOR: Readonly<Record<string, string>> = {
  'discriminator/auc': 'AUC',
  'discriminator/teacher': 'D(t)',
  'discriminator/student': 'D(s)',
};

/** Metrics of generated images that are shares. */
const GENERATOR: Readonly<Record<string, string>> = {
  'generator/entropy': 'entropy of the mean answer of the teacher',
  'generator/unsure': 'mean entropy of its answers',
  'generator/top-class': 'share of the largest class',
  'generator/saturation': 'saturated pixels',
  'agreement/shown': 'agreement of student and teacher on what the student is shown',
};

/**
 * Charts of one model: its losses, agreement and the task's metrics of training batches, and the discriminator and the
 * gradients if there are any.
 */
export function chartsOf(
  history: History,
  { metrics }: Pick<TaskDescription, 'metrics'> = taskOfDocument({}),
): Chart[] {
  const names = [...new Set(history.epochs.flatMap(({ values }) => Object.keys(values)))];
  const line = (name: string, shown = name): Line[] =>
    names.includes(name)
      ? [{ name: shown, values: history.epochs.map(({ values }) => values[name] ?? NaN) }]
      : [];
  const charts: Chart[] = [
    {
      title: 'Losses',
      lines: names.filter((name) => name.startsWith('loss/')).flatMap((name) => line(name)),
      wide: true,
    },
    {
      title: 'Training images: share',
      lines: [
        ...line('agreement', 'agreement with the teacher'),
        ...metrics.filter(isShare).flatMap(({ name }) => line(name)),
      ],
      bounds: [0, 1],
    },
    {
      title: 'Discriminator',
      lines: Object.entries(DISCRIMINATOR).flatMap(([name, shown]) => line(name, shown)),
      bounds: [0, 1],
    },
    {
      title: 'Generated images: share',
      lines: Object.entries(GENERATOR).flatMap(([name, shown]) => line(name, shown)),
      bounds: [0, 1],
    },
    {
      title: 'Generated images: deviation of a pixel, in bytes',
      lines: line('generator/deviation', 'deviation'),
    },
    {
      title: 'Generated images: size of the centered logits of the teacher',
      lines: line('generator/logits', 'mean absolute value'),
    },
    {
      title: 'Data gradient / adversarial gradient',
      lines: line('gradientRatio', 'ratio'),
      wide: true,
    },
    { title: 'Cosine of the two gradients', lines: line('gradient/cosine', 'cosine'), bounds: [-1, 1] },
  ];
  return charts.filter(({ lines }) => lines.length > 0);
}

const isShare = ({ unit = 'share' }: TaskMetric): boolean => unit === 'share';

/** Whether a chart's value axis is logarithmic: all values are positive, and their ratios large. */
export function isLogarithmic({ lines, wide }: Chart): boolean {
  const values = lines.flatMap((line) => line.values.filter(Number.isFinite));
  return (
    wide === true &&
    values.length > 0 &&
    values.every((value) => value > 0) &&
    Math.max(...values) > 20 * Math.min(...values)
  );
}

/** Most lines of a chart of several runs. */
const MOST_LINES = 24;

/** One metric of several runs: a line for each of their models that has it; null where none has. */
export function chartOfRuns(
  histories: readonly (History & { readonly run: string })[],
  metric: string,
): Chart | null {
  const lines = histories
    .filter(({ epochs }) => epochs.some(({ values }) => Number.isFinite(values[metric])))
    .slice(0, MOST_LINES)
    .map(({ run, model, epochs }) => ({
      name: run === '' ? model : `${run}: ${model}`,
      values: epochs.map(({ values }) => values[metric] ?? NaN),
    }));
  return lines.length === 0 ? null : { title: metric, lines, wide: metric.startsWith('loss/') };
}

import type { Dataset } from '@anc/core';
import { naturalOrder } from '@anc/datasets';

/** An order of the classes under which a classifier's predictions fit the labels much better than as they are paired. */
export interface OtherOrder {
  /** Share of right predictions as paired. */
  readonly accuracy: number;
  /** The same in the other order, on images that it was not chosen by. */
  readonly permuted: number;
  /** For each label, the class that is predicted for its images; -1 where that is not known. */
  readonly order: Int32Array;
}

/**
 * Smallest difference of shares, part of the disagreement, and standard errors (of McNemar's test: images that only one
 * of the two orders gets right) that an order must explain.
 */
const LEAST = { difference: 0.1, part: 1 / 3, errors: 4 };

/**
 * Looks for a permutation of the classes that explains why predictions and labels disagree. It is chosen on one half of
 * every class's images and tried on the other, both ways around, so that chance explains nothing. null where there is
 * none, also where classes have a single image each.
 *
 * @param predictions predicted class per image
 * @param labels label per image, as the classifier's classes
 */
export function findOtherOrder(predictions: Int32Array, labels: Int32Array): OtherOrder | null {
  const count = labels.length;
  const halves = halvesOf(labels);
  let [right, gained, lost] = [0, 0, 0];
  const orders = [0, 1].map((half) =>
    assign(
      predictions,
      labels,
      halves.map((one) => one === half),
    ),
  );
  for (let i = 0; i < count; i++) {
    const isRight = predictions[i] === labels[i];
    const isOther = orders[1 - halves[i]!]!.get(labels[i]!) === predictions[i];
    if (isRight) right++;
    if (isOther && !isRight) gained++;
    if (isRight && !isOther) lost++;
  }
  const [accuracy, permuted] = [right / count, (right + gained - lost) / count];
  const least = Math.max(LEAST.difference, LEAST.part * (1 - accuracy));
  if (permuted - accuracy < least || gained - lost < LEAST.errors * Math.sqrt(gained + lost)) return null;
  const all = assign(
    predictions,
    labels,
    halves.map(() => true),
  );
  const order = Int32Array.from({ length: Math.max(...labels) + 1 }, (_, label) => all.get(label) ?? -1);
  return { accuracy, permuted, order };
}

/** The images of every class in turn: 0, 1, 0, 1, … */
function halvesOf(labels: Int32Array): number[] {
  const seen = new Map<number, number>();
  return Array.from(labels, (label) => {
    const before = seen.get(label) ?? 0;
    seen.set(label, before + 1);
    return before % 2;
  });
}

/** Pairs labels and predicted classes one to one, the most frequent pairs of the chosen images first. */
function assign(
  predictions: Int32Array,
  labels: Int32Array,
  chosen: readonly boolean[],
): ReadonlyMap<number, number> {
  const counts = new Map<string, { label: number; predicted: number; count: number }>();
  labels.forEach((label, i) => {
    if (!chosen[i]) return;
    const predicted = predictions[i]!;
    const key = `${label}:${predicted}`;
    const cell = counts.get(key) ?? { label, predicted, count: 0 };
    cell.count++;
    counts.set(key, cell);
  });
  const straight = ({ label, predicted }: { label: number; predicted: number }): number =>
    label === predicted ? 0 : 1;
  const cells = [...counts.values()].sort(
    (a, b) =>
      b.count - a.count || straight(a) - straight(b) || a.label - b.label || a.predicted - b.predicted,
  );
  const order = new Map<number, number>();
  const taken = new Set<number>();
  for (const { label, predicted } of cells) {
    if (order.has(label) || taken.has(predicted)) continue;
    order.set(label, predicted);
    taken.add(predicted);
  }
  return order;
}

/**
 * The warning about classes that are probably in another order; null where nothing suggests it.
 *
 * @param labels as the classifier's classes
 */
export function classOrderWarning(
  predictions: Int32Array,
  labels: Int32Array,
  { classNames }: { readonly classNames: readonly string[] | null },
  { classes }: Pick<Dataset, 'classes'>,
): string | null {
  const found = findOtherOrder(predictions, labels);
  return found === null ? null : orderWarning(found, classNames ?? classes, classNames === null);
}

const MOST_SHOWN = 6;

/**
 * The same of a known order.
 *
 * @param names names of the classes, in the order of the labels
 * @param byPosition whether the teacher does not name its classes
 */
export function orderWarning(
  { accuracy, permuted, order }: OtherOrder,
  names: readonly string[],
  byPosition: boolean,
): string {
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const nameOf = (index: number): string => names[index] ?? String(index);
  const moved = [...order.entries()].filter(([label, predicted]) => predicted !== -1 && predicted !== label);
  const shown = moved
    .slice(0, MOST_SHOWN)
    .map(([label, predicted]) => `${nameOf(label)} is output ${predicted}`);
  return (
    `the classes are probably in another order than the teacher's: as they are paired, ${share(accuracy)} of its predictions ` +
    `are right; in the order that its predictions suggest, ${share(permuted)} ` +
    `(${shown.join(', ')}${moved.length > MOST_SHOWN ? ', …' : ''}). ${remedy(order, names, byPosition)}`
  );
}

function remedy(order: Int32Array, names: readonly string[], byPosition: boolean): string {
  if (!byPosition)
    return "The names in the teacher's file are then in a wrong order. For an ONNX teacher, run's --classes sets others.";
  for (const [classOrder, sorted] of [
    ['text', [...names].sort()],
    ['natural', [...names].sort(naturalOrder)],
  ] as const) {
    const known = [...order.entries()].filter(([, predicted]) => predicted !== -1);
    const same = known.filter(([label, predicted]) => sorted[predicted] === names[label]).length;
    if (same >= 0.9 * known.length && sorted.some((name, i) => name !== names[i])) {
      return `That is the order of the folders with image-folder(classOrder=${classOrder}).`;
    }
  }
  return "Name the folders in the order of the teacher's outputs; for an ONNX teacher, run's --classes names its outputs.";
}

import type { Tree } from '../tree/tree.js';

/** Metrics by the names of earlier versions, which their metrics.jsonl and checkpoints hold. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['dTeacher', 'discriminator/teacher'],
  ['dStudent', 'discriminator/student'],
  ['dDropped', 'discriminator/dropped'],
  ['auc', 'discriminator/auc'],
]);

/** `auc/<discriminator>` became `discriminator/auc/<discriminator>`. */
const OLD_AUC = 'auc/';
const AUC = 'discriminator/auc/';

/** The name under which a metric is reported today; a name that never changed is returned as it is. */
export const currentMetricName = (name: string): string =>
  RENAMED.get(name) ?? (name.startsWith(OLD_AUC) ? AUC + name.slice(OLD_AUC.length) : name);

/** Metrics under their current names; where both names are there, the current one counts. */
export function currentMetrics<T>(metrics: Tree<T>): Record<string, T> {
  const renamed = Object.entries(metrics).map(([name, value]) => [currentMetricName(name), value] as const);
  const current = Object.entries(metrics).filter(([name]) => currentMetricName(name) === name);
  return Object.fromEntries([...renamed, ...current]);
}

const OLD_NAMES: ReadonlyMap<string, string> = new Map(
  [...RENAMED].map(([deprecated, current]) => [current, deprecated]),
);

/**
 * Metrics under their current and, beside them, their deprecated names: for JSON documents, whose fields other
 * programs read. `currentMetrics` undoes it.
 */
export function withDeprecatedMetrics<T>(metrics: Tree<T>): Record<string, T> {
  const deprecated = Object.entries(metrics).flatMap(([name, value]) => {
    const old = OLD_NAMES.get(name) ?? (name.startsWith(AUC) ? OLD_AUC + name.slice(AUC.length) : null);
    return old === null ? [] : [[old, value] as const];
  });
  return { ...metrics, ...Object.fromEntries(deprecated) };
}

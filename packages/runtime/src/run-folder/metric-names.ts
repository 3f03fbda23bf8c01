/** Names of metrics, and those that files of earlier versions have in their place. */
const DEPRECATED: Readonly<Record<string, string>> = {
  'discriminator/auc': 'auc',
  'discriminator/teacher': 'dTeacher',
  'discriminator/student': 'dStudent',
  'discriminator/dropped': 'dDropped',
};
const CURRENT: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(DEPRECATED).map(([name, old]) => [old, name]),
);

/** Metrics under their current names only; anything but an object is returned as it is. */
export const withCurrentNames = (metrics: unknown): unknown =>
  isObject(metrics) ? current(metrics) : metrics;

/** Metrics under their current names, and under the deprecated ones for readers of earlier files. */
export function withDeprecatedNames(metrics: unknown): unknown {
  if (!isObject(metrics)) return metrics;
  const named = current(metrics);
  const old = Object.entries(DEPRECATED).filter(([name]) => name in named);
  return { ...named, ...Object.fromEntries(old.map(([name, alias]) => [alias, named[name]])) };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const current = (metrics: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [CURRENT[name] ?? name, value]));

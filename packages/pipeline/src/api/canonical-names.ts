import type { Composition } from '../composition/compose.js';
import type { Kind } from '../composition/kinds.js';
import type { RunOptionsInput } from '../options/run-options.js';

/** Options that name something that plugins provide. */
const PLACES = [
  [['data', 'dataset'], 'datasets'],
  [['data', 'transferDataset'], 'datasets'],
  [['data', 'augment'], 'augmentations'],
  [['teacher', 'model'], 'models'],
  [['teacher', 'optimizer'], 'optimizers'],
  [['teacher', 'schedule'], 'schedules'],
  [['teacher', 'backend'], 'backends'],
  [['student', 'model'], 'models'],
  [['student', 'backend'], 'backends'],
  [['compute', 'backend'], 'backends'],
  [['methods'], 'methods'],
  [['hooks'], 'hooks'],
  [['training', 'optimizer'], 'optimizers'],
  [['training', 'schedule'], 'schedules'],
  [['objective', 'discriminator'], 'discriminators'],
  [['objective', 'regularizer'], 'regularizers'],
  [['objective', 'dataTerm'], 'dataTerms'],
  [['objective', 'adversarialLoss'], 'adversarialLosses'],
  [['objective', 'balancer'], 'balancers'],
  [['objective', 'discriminatorOptimizer'], 'optimizers'],
] as const satisfies readonly (readonly [readonly string[], Kind])[];

/**
 * Options in which `package:name` is `name` wherever that means the same, so that what is known of a name holds for it:
 * presets of a dataset, the options of a schedule. Plugins are loaded only where some name has a colon.
 */
export async function withCanonicalNames(
  input: RunOptionsInput,
  compose: (plugins: readonly string[]) => Promise<Composition>,
): Promise<RunOptionsInput> {
  const isQualified = PLACES.some(([path]) =>
    /[^\s"\\]:[^\\/"]/.test(JSON.stringify(at(input, path) ?? null)),
  );
  if (!isQualified) return input;
  const { registries } = await compose(input.plugins ?? []);
  return PLACES.reduce<RunOptionsInput>((options, [path, kind]) => {
    const value = at(options, path);
    if (value === undefined) return options;
    const short = (name: string): string => registries[kind].canonical(name);
    const changed = Array.isArray(value) ? value.map((one) => renamed(one, short)) : renamed(value, short);
    return withValue(options, path, changed);
  }, input);
}

const at = (options: RunOptionsInput, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], options);

function withValue(
  options: RunOptionsInput,
  [group, key]: readonly string[],
  value: unknown,
): RunOptionsInput {
  const before = options as Readonly<Record<string, unknown>>;
  if (key === undefined) return { ...options, [group!]: value };
  return { ...options, [group!]: { ...(before[group!] as object), [key]: value } };
}

/** A text `name(options)`, or an object with a name. */
function renamed(value: unknown, short: (name: string) => string): unknown {
  if (typeof value === 'string') {
    const end = value.indexOf('(');
    const name = (end < 0 ? value : value.slice(0, end)).trim();
    const canonical = short(name);
    return canonical === name ? value : canonical + (end < 0 ? '' : value.slice(end));
  }
  if (typeof value !== 'object' || value === null || !('name' in value) || typeof value.name !== 'string')
    return value;
  return { ...value, name: short(value.name) };
}

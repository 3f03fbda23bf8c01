import type { OptimizerParts } from '../contracts/optimizer.js';
import type { Contribution } from '../contracts/plugin.js';
import { AncError } from '../errors/error.js';
import { builtinOptimizers } from './builtin-optimizers.js';
import { builtinSchedules } from './builtin-schedules.js';

type Options = Readonly<Record<string, unknown>>;

/** What comes with the program: for methods that are used without a composition of plugins. */
export const builtinParts: OptimizerParts = {
  optimizer: (name, options = {}, shared = {}) => {
    const contribution = entryOf(builtinOptimizers, 'optimizer', name);
    return made(contribution, 'optimizer', name, { ...listed(contribution, shared), ...options });
  },
  schedule: (name, options = {}) =>
    made(entryOf(builtinSchedules, 'schedule', name), 'schedule', name, options),
};

function entryOf<T>(
  table: Readonly<Record<string, Contribution<T>>>,
  kind: string,
  name: string,
): Contribution<T> {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found !== undefined) return found;
  throw new AncError('ANC_UNKNOWN', `no ${kind} named "${name}".`, {
    expected: `one of ${Object.keys(table).join(', ')}`,
    hint: `a plugin's is found where its method creates it with its environment: createOptimizer(config, environment.optimizers).`,
  });
}

/** Those of the shared options that a contribution's schema lists. */
export function listed(contribution: Pick<Contribution<unknown>, 'options'>, shared: Options): Options {
  const { shape } = contribution.options as { shape?: unknown };
  const known = typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
  return Object.fromEntries(
    Object.entries(shared).filter(([name, value]) => value !== undefined && known.includes(name)),
  );
}

function made<T>(contribution: Contribution<T>, kind: string, name: string, options: Options): T {
  const result = contribution.options['~standard'].validate(options);
  if (result instanceof Promise) {
    throw new AncError('ANC_OPTIONS', `the options of ${kind} "${name}" are checked asynchronously.`);
  }
  if (result.issues !== undefined) {
    const [issue] = result.issues;
    const path = (issue!.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
    throw new AncError('ANC_OPTIONS', `option "${path.join('.')}" of ${kind} "${name}": ${issue!.message}.`);
  }
  return contribution.create(result.value, undefined);
}

import { isAncError } from '@anc/core';
import type { RunOptions } from '../options/run-options.js';
import type { Named } from '../text/named.js';
import type { CreatedMethod } from './create-method.js';
import type { MethodDefaults } from './method-options.js';

/** Errors of methods whose student and teacher differ in the shape of an output. */
const SHAPES_DIFFER = ['ANC_DISCRIMINATOR_INPUT', 'ANC_METHOD_TAP'];

/** Options and methods, with adapters where they are needed. */
export interface AdaptedMethods {
  readonly options: RunOptions;
  readonly methods: readonly CreatedMethod[];
}

/**
 * Sets `adapter: linear` for each method that the shapes of student and teacher make impossible without one, where nobody
 * set the adapter; the paper's preset stays as the paper says. Methods that no adapter helps are left as they are:
 * planning them reports why.
 * @param create a method by name
 * @param attempt builds a method's stages; throws where the shapes do not fit
 */
export async function withAdapters(
  { options, methods }: AdaptedMethods,
  create: (method: Named, defaults: MethodDefaults) => Promise<CreatedMethod>,
  attempt: (method: CreatedMethod) => void,
  notice: (text: string) => void,
): Promise<AdaptedMethods> {
  const { preset, objective, training } = options;
  if (preset === 'paper' || objective.adapter !== undefined) return { options, methods };
  const adapted = await Promise.all(
    methods.map(async (method) => {
      const { name, options: own } = method.method;
      const { adapter } = (method.options ?? {}) as { adapter?: unknown };
      if (adapter !== 'none' || Object.hasOwn(own, 'adapter') || fits(method, attempt)) return method;
      const named = { name, options: { ...own, adapter: 'linear' } };
      const other = await create(named, { training, objective }).catch((error: unknown) => {
        if (isAncError(error)) return method; // every discriminator sets its own
        throw error;
      });
      return fits(other, attempt) ? other : method;
    }),
  );
  const changed = adapted.filter((method, i) => method !== methods[i]).map(({ method }) => method.name);
  if (changed.length === 0) return { options, methods };
  notice(
    "the features of student and teacher differ in width, so a linear projection of the student's is trained with " +
      `${changed.join(', ')} and not exported (--adapter linear).`,
  );
  return { options: { ...options, methods: adapted.map(({ method }) => method) }, methods: adapted };
}

function fits(method: CreatedMethod, attempt: (method: CreatedMethod) => void): boolean {
  try {
    attempt(method);
    return true;
  } catch (error) {
    if (!isAncError(error) || !SHAPES_DIFFER.includes(error.code)) throw error;
    return false;
  }
}

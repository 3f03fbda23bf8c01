import type { Regularizer } from '../contracts/objective.js';
import { prefixTree, type HostTensor } from '../tree/tree.js';
import type { AdversarialSetup } from './adversarial-step.js';

/** The memory of a discriminator's i-th regularizer in the training state; its noise is drawn under this name too. */
export const memoryName = (discriminator: string, i: number): string => `regularizer/${discriminator}/${i}`;

/** A regularizer that keeps a memory in the training state. */
type WithMemory = Regularizer & Required<Pick<Regularizer, 'memory' | 'next'>>;

/** Fields of these names that are no functions are a plugin's own. */
export const hasMemory = (regularizer: Regularizer): regularizer is WithMemory =>
  typeof regularizer.memory === 'function' && typeof regularizer.next === 'function';

/**
 * The initial memories of all regularizers, as entries of the training state.
 *
 * @param inputOf shape of a discriminator's input by its name, without the batch axis.
 */
export function initRegularizerMemories(
  { discriminators, regularizers }: Pick<AdversarialSetup, 'discriminators' | 'regularizers'>,
  inputOf: (discriminator: string) => readonly number[],
): Record<string, HostTensor> {
  const memories = discriminators.flatMap(({ name }) =>
    regularizers.map((regularizer, i) =>
      hasMemory(regularizer) ? prefixTree(memoryName(name, i), regularizer.memory(inputOf(name))) : {},
    ),
  );
  return Object.assign({}, ...memories) as Record<string, HostTensor>;
}

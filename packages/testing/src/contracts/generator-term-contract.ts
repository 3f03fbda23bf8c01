import '@tensorflow/tfjs-backend-cpu';
import type { GeneratorTerm, Tree } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import {
  checkDescent,
  checkFinite,
  checkGradients,
  checkName,
  checkRecordable,
  componentSuite,
  openOnce,
  type ContractBackend,
} from '../objective/component-checks.js';
import { generatorTermSubject } from '../objective/generation-subjects.js';

/** Options of `generatorTermContract`. */
export interface GeneratorTermContractOptions {
  /** Outputs of both networks besides logits [3] and features [4], by name, without the batch axis. */
  readonly outputs?: Tree<readonly number[]>;
  /** Where it runs; plain JavaScript by default. */
  readonly backend?: ContractBackend;
}

/**
 * Contract of a term of the generator's loss: one finite scalar; gradients at images, noise, the outputs of both networks
 * and the inputs of the teacher's batch norms that agree with finite differences; a step against them lowers it; and no
 * operation that a recorded graph cannot repeat.
 *
 * `create` is called for every test.
 */
export function generatorTermContract(
  runner: ContractRunner,
  create: () => GeneratorTerm,
  { outputs = {}, backend }: GeneratorTermContractOptions = {},
): void {
  const open = openOnce(backend);
  const { describe, it } = componentSuite(runner, 'the generator term');

  describe('generator term contract', () => {
    it('has a name and returns one finite scalar, the same each time', async () => {
      checkName('generator term', create().name);
      await checkFinite(open, generatorTermSubject(create(), outputs));
    });
    it('has gradients that agree with finite differences', () =>
      checkGradients(open, generatorTermSubject(create(), outputs)));
    it('is lowered by a gradient step', () => checkDescent(open, generatorTermSubject(create(), outputs)));
    it('can be recorded as a graph', () => checkRecordable(generatorTermSubject(create(), outputs)));
  });
}

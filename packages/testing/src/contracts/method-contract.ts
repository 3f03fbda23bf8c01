import {
  EagerBackend,
  mapTree,
  namesOf,
  Rng,
  type Backend,
  type HostTensor,
  type Method,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { differing } from '../harness/compare.js';
import type { ContractRunner } from '../harness/contract-runner.js';
import { wrongGradients } from '../harness/finite-differences.js';
import { untraceableIn } from '../harness/untraceable.js';
import { firstStepInputs, lossOf } from '../method/first-step.js';
import { trainStages, type TrainedStage } from '../method/train-stages.js';
import {
  toyBatches,
  toyEnvironment,
  toyStudent,
  toyTask,
  toyTeacher,
  type ToyTeacher,
} from '../toy/index.js';

/** Options of `methodContract`. */
export interface MethodContractOptions {
  /** Whether gradients come from a straight-through estimator: finite differences are not checked then. */
  readonly straightThrough?: boolean;
  /** Steps on one batch that must lower each stage's loss; 30 by default. */
  readonly steps?: number;
  /** By how much they must lower it, as a share of the first loss; 0.1 by default. */
  readonly lowers?: number;
  /** Backend to train with, created once; plain JavaScript by default. */
  readonly backend?: () => Backend;
}

const label = (image: number): number => image % toyTask.classes;
const shuffled = (image: number): number => (image * 7 + 1) % toyTask.classes;

/**
 * Contract of a method, checked with a toy student and teacher that have the taps block1 [6, 6, 3], block2 [3, 3, 4],
 * features [4] and logits [3]: every stage lowers its loss; the gradients of every phase agree with finite differences
 * of its loss; labels are read exactly as declared; the teacher does not change; the same seed gives the same bytes,
 * with and without an interruption in every stage; the student's variables alone are exported; and its steps can be
 * recorded as graphs.
 *
 * `create` is called for every test. Set the learning rate high enough for `steps` steps.
 */
export function methodContract(
  { describe, it, expect }: ContractRunner,
  create: () => Method,
  options: MethodContractOptions = {},
): void {
  const { straightThrough = false, steps = 30, lowers = 0.1 } = options;
  let openedBackend: Backend | null = null;
  const backend = (): Backend => (openedBackend ??= options.backend?.() ?? new EagerBackend('cpu'));
  let createdTeacher: Promise<ToyTeacher> | null = null;
  const teacher = (): Promise<ToyTeacher> => (createdTeacher ??= toyTeacher());

  const stagesOf = (method: Method) => method.stages(toyEnvironment(method.network(toyStudent())));
  const oneStep = toyBatches({ stepsPerEpoch: 1, labelOf: label });
  const run = async (
    labelOf: ((image: number) => number) | null,
    rest: { stepsPerEpoch?: number; epochs?: number; repeat?: boolean; interruptAt?: number } = {},
  ): Promise<TrainedStage[]> => {
    const { stepsPerEpoch = 2, epochs = 2, repeat = false, interruptAt } = rest;
    return trainStages(stagesOf(create()), {
      backend: backend(),
      teacher: (await teacher()).outputs,
      batches: toyBatches({ stepsPerEpoch, labelOf, repeat }),
      epochs,
      ...(interruptAt !== undefined && { interruptAt }),
    });
  };
  let shared: Promise<TrainedStage[]> | null = null;
  /** A short training from start to end, shared by several tests. */
  const trained = (): Promise<TrainedStage[]> => (shared ??= run(declaredLabels()));
  /** The labels for a method by its declaration: none for one that never reads them. */
  const declaredLabels = () => (create().labels === 'never' ? null : label);

  describe('method contract', () => {
    it('lowers the loss of every stage on one batch', async () => {
      for (const { losses } of await run(declaredLabels(), {
        stepsPerEpoch: 1,
        epochs: steps,
        repeat: true,
      })) {
        expect(losses.every(Number.isFinite)).toBe(true);
        const drop = losses[0]! - losses.at(-1)!;
        expect(drop).toBeGreaterThan(lowers * Math.abs(losses[0]!));
      }
    });

    if (!straightThrough) {
      it('has gradients in every phase that agree with finite differences of its loss', async () => {
        await tf.setBackend('cpu');
        let previous: Tree<HostTensor> | null = null;
        for (const stage of stagesOf(create())) {
          const at = await firstStepInputs(stage, previous, oneStep, (await teacher()).outputs);
          await tf.setBackend('cpu');
          for (const phase of stage.step.phases) {
            const { grads } = phase.gradients(at.state, at.batch, at.hyper, at.context);
            const loss = (state: Tree): number => lossOf(phase, { ...at, state });
            expect(wrongGradients(loss, at.state, grads)).toEqual([]);
          }
          previous = stage.init(Rng.fromSeed(1), previous);
        }
      });
    }

    it('reads labels as it declares', async () => {
      const method = create();
      const stages = stagesOf(method);
      expect(stages.some((stage) => stage.usesLabels)).toBe(method.labels === 'required');
      if (method.labels === 'never') {
        const [without, one, other] = [await trained(), await run(label), await run(shuffled)];
        expect(differing(without.at(-1)!.state, one.at(-1)!.state)).toEqual([]);
        expect(differing(one.at(-1)!.state, other.at(-1)!.state)).toEqual([]);
      } else {
        const [one, other] = [await trained(), await run(shuffled)];
        expect(differing(one.at(-1)!.state, other.at(-1)!.state).length).toBeGreaterThan(0);
      }
    });

    it('gives the same bytes for the same seed, interrupted or not, in every stage', async () => {
      const one = await trained();
      const [same, resumed] = [await run(declaredLabels()), await run(declaredLabels(), { interruptAt: 1 })];
      one.forEach(({ state }, i) => {
        expect(differing(state, same[i]!.state)).toEqual([]);
        expect(differing(state, resumed[i]!.state)).toEqual([]);
      });
    });

    it('does not change the teacher, and keeps it out of the training state', async () => {
      const { variables } = await teacher();
      const before = mapTree(variables.params, ({ shape, data }) => ({ shape, data: data.slice() }));
      const stages = await run(declaredLabels(), { epochs: 1 });
      expect(differing(before, variables.params)).toEqual([]);
      const kept = stages.flatMap(({ state }) => namesOf(state).filter((name) => name.startsWith('teacher')));
      expect(kept).toEqual([]);
    });

    it("exports the trained network's variables and no others", async () => {
      const method = create();
      const network = method.network(toyStudent());
      const initial = network.init(Rng.fromSeed(1).split('student'), toyTask.image);
      const { stage, state } = (await trained()).at(-1)!;
      const exported = stage.student(state);
      expect(namesOf(exported.params)).toEqual(namesOf(initial.params));
      expect(namesOf(exported.stats)).toEqual(namesOf(initial.stats));
      expect(differing(initial.params, exported.params).length).toBeGreaterThan(0);
    });

    it('has phases that can be recorded as graphs', async () => {
      for (const stage of stagesOf(create())) {
        const at = await firstStepInputs(stage, null, oneStep, (await teacher()).outputs);
        await tf.setBackend('cpu');
        for (const phase of stage.step.phases) {
          const found = untraceableIn(() => {
            const { grads, stats, means } = phase.gradients(at.state, at.batch, at.hyper, at.context);
            phase.update({ ...at.state, ...stats }, grads, at.hyper, means);
          });
          expect(found).toEqual([]);
        }
      }
    });

    it('has an id for each step, different between stages and the same each time', () => {
      const ids = stagesOf(create()).map((stage) => stage.step.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(stagesOf(create()).map((stage) => stage.step.id)).toEqual(ids);
    });
  });
}

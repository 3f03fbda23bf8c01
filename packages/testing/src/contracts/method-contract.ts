import {
  EagerBackend,
  mapTree,
  modelNames,
  namesOf,
  Rng,
  subtree,
  type Backend,
  type HostTensor,
  type Method,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { differing } from '../harness/compare.js';
import type { ContractRunner } from '../harness/contract-runner.js';
import { suiteOf } from '../harness/suite.js';
import { wrongGradients } from '../harness/finite-differences.js';
import { RECORDABLE_HINT, untraceableIn } from '../harness/untraceable.js';
import { firstStepInputs, lossOf } from '../method/first-step.js';
import { initialState, trainStages, type TrainedStage } from '../method/train-stages.js';
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
  runner: ContractRunner,
  create: () => Method,
  options: MethodContractOptions = {},
): void {
  const { straightThrough = false, steps = 30, lowers = 0.1 } = options;
  const { describe, it } = suiteOf(runner, 'the method');
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
      teacher: await teacher(),
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
    const learns = 'check the sign of the loss; else raise the learning rate, or give the suite more steps.';
    it('lowers the loss of every stage on one batch', learns, async (check) => {
      for (const { losses, stage } of await run(declaredLabels(), {
        stepsPerEpoch: 1,
        epochs: steps,
        repeat: true,
      })) {
        const [first, last] = [losses[0]!, losses.at(-1)!];
        check.that(losses.every(Number.isFinite), `has a loss in stage "${stage.name}" that is not finite`, {
          expected: 'finite numbers at every step',
          received: losses.find((loss) => !Number.isFinite(loss)),
        });
        check.that(
          first - last > lowers * Math.abs(first),
          `does not lower the loss of stage "${stage.name}"`,
          {
            expected: `less than ${first - lowers * Math.abs(first)} after ${steps} steps on one batch, from ${first}`,
            received: last,
          },
        );
      }
    });

    if (!straightThrough) {
      const differentiable =
        'return the gradients of metrics[`loss/${phase}`]; declare straightThrough: true where they are estimated.';
      it(
        'has gradients in every phase that agree with finite differences of its loss',
        differentiable,
        async (check) => {
          await tf.setBackend('cpu');
          let previous: Tree<HostTensor> | null = null;
          for (const stage of stagesOf(create())) {
            const at = await firstStepInputs(stage, previous, oneStep, await teacher());
            await tf.setBackend('cpu');
            for (const phase of stage.step.phases) {
              const { grads } = phase.gradients(at.state, at.batch, at.hyper, at.context);
              const loss = (state: Tree): number => lossOf(phase, { ...at, state });
              const wrong = wrongGradients(loss, at.state, grads);
              check.none(
                wrong,
                `has wrong gradients in phase "${phase.name}" of stage "${stage.name}"`,
                'gradients that agree with finite differences of its loss',
              );
            }
            previous = initialState(stage, previous, await teacher());
          }
        },
      );
    }

    const labeled = "declare labels: 'never' or 'required', and usesLabels in the stages, as the losses do.";
    it('reads labels as it declares', labeled, async (check) => {
      const method = create();
      const stages = stagesOf(method);
      const uses = stages.some((stage) => stage.usesLabels);
      check.that(
        uses === (method.labels === 'required'),
        'has stages that read labels otherwise than it declares',
        {
          expected: `labels: '${uses ? 'required' : 'never'}', for stages that ${uses ? 'use' : 'do not use'} labels`,
          received: `labels: '${method.labels}'`,
        },
      );
      const same = 'the same bytes, whatever the labels are';
      if (method.labels === 'never') {
        const [without, one, other] = [await trained(), await run(label), await run(shuffled)];
        check.none(differing(without.at(-1)!.state, one.at(-1)!.state), 'trains otherwise with labels', same);
        check.none(
          differing(one.at(-1)!.state, other.at(-1)!.state),
          'trains otherwise with other labels',
          same,
        );
      } else {
        const [one, other] = [await trained(), await run(shuffled)];
        check.that(
          differing(one.at(-1)!.state, other.at(-1)!.state).length > 0,
          'does not use the labels that it requires',
          {
            expected: 'another student for other labels',
            received: 'the same bytes',
          },
        );
      }
    });

    const reproducible =
      'keep everything that training depends on in the state: no fields that change, no random numbers but context.noise and rng.';
    it(
      'gives the same bytes for the same seed, interrupted or not, in every stage',
      reproducible,
      async (check) => {
        const one = await trained();
        const [same, resumed] = [
          await run(declaredLabels()),
          await run(declaredLabels(), { interruptAt: 1 }),
        ];
        one.forEach(({ state }, i) => {
          const bytes = 'the same bytes';
          check.none(differing(state, same[i]!.state), 'gives another student for the same seed', bytes);
          check.none(
            differing(state, resumed[i]!.state),
            'gives another student after an interruption',
            bytes,
          );
        });
      },
    );

    const frozen =
      "read the teacher's outputs from the batch, 'teacher/logits'; a teacher that the step applies is modelNames.teacher in the state, without an update.";
    it('does not change the teacher, and keeps it out of what is trained', frozen, async (check) => {
      const { variables } = await teacher();
      const before = mapTree(variables.params, ({ shape, data }) => ({ shape, data: data.slice() }));
      const stages = await run(declaredLabels(), { epochs: 1 });
      check.none(differing(before, variables.params), 'changes the teacher', 'the same weights');
      const kept = stages.flatMap(({ state }) => namesOf(state).filter((name) => name.startsWith('teacher')));
      check.none(kept, 'keeps the teacher in its training state', 'no entry teacher/…');
      for (const { state } of stages) {
        const applied = subtree(state, `${modelNames.teacher}/params`);
        const changed = namesOf(applied).length === 0 ? [] : differing(before, applied);
        check.none(changed, 'changes the teacher that its step applies', 'the same weights');
      }
    });

    const exporting =
      "return from stage.student the params and stats of the student's network, without slots and auxiliary layers.";
    it("exports the trained network's variables and no others", exporting, async (check) => {
      const method = create();
      const network = method.network(toyStudent());
      const initial = network.init(Rng.fromSeed(1).split('student'), toyTask.image);
      const { stage, state } = (await trained()).at(-1)!;
      const exported = stage.student(state);
      check.equal(
        namesOf(exported.params),
        namesOf(initial.params),
        'exports other parameters than the network has',
      );
      check.equal(
        namesOf(exported.stats),
        namesOf(initial.stats),
        'exports other statistics than the network has',
      );
      check.that(
        differing(initial.params, exported.params).length > 0,
        'exports the student before its training',
        {
          expected: 'other parameters than the initial ones',
          received: 'the initial ones',
        },
      );
    });

    it('has phases that can be recorded as graphs', RECORDABLE_HINT, async (check) => {
      for (const stage of stagesOf(create())) {
        const at = await firstStepInputs(stage, null, oneStep, await teacher());
        await tf.setBackend('cpu');
        for (const phase of stage.step.phases) {
          const given = [at.state, at.batch, at.hyper].flatMap((tree) => Object.values<tf.Tensor>(tree));
          const found = untraceableIn(() => {
            const { grads, stats, means } = phase.gradients(at.state, at.batch, at.hyper, at.context);
            phase.update({ ...at.state, ...stats }, grads, at.hyper, means);
          }, given);
          check.none(
            found,
            `has a phase "${phase.name}" that cannot be recorded as a graph`,
            'operations of tfjs-core on tensors',
          );
        }
      }
    });

    const identified =
      'build the id of a step from every option that it depends on: compiled steps are cached by it.';
    it('has an id for each step, different between stages and the same each time', identified, (check) => {
      const ids = stagesOf(create()).map((stage) => stage.step.id);
      check.equal(new Set(ids).size, ids.length, 'has stages with the same id of their steps');
      check.equal(
        stagesOf(create()).map((stage) => stage.step.id),
        ids,
        'has other ids each time',
      );
    });
  });
}

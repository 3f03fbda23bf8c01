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
import { equal } from './backend-contract/measure.js';
import { wrongGradients } from './finite-differences.js';
import { firstStep, lossOf, play, type StagePlayed } from './method-contract/play.js';
import {
  CLASSES,
  IMAGE,
  playersOf,
  toyBatches,
  toyStudent,
  toyTeacher,
  type ToyTeacher,
} from './method-contract/toy-pair.js';
import type { NetworkContractRunner } from './network-contract.js';
import { untraceableIn } from './untraceable.js';

export interface MethodContractOptions {
  /** Says that gradients are not slopes: straight-through estimators. Leaves out the finite differences. */
  readonly straightThrough?: boolean;
  /** How many steps on one batch must lower each stage's loss. */
  readonly steps?: number;
  /** By how much, as a share of the first loss. */
  readonly lowers?: number;
  /** What trains; tfjs's plain JavaScript by default. Called once. */
  readonly backend?: () => Backend;
}

const label = (image: number): number => image % CLASSES;
const shuffled = (image: number): number => (image * 7 + 1) % CLASSES;

/** Names of entries that differ in any byte. */
const differing = (a: Tree<HostTensor>, b: Tree<HostTensor>): string[] =>
  [...new Set([...namesOf(a), ...namesOf(b)])].filter(
    (name) => a[name] === undefined || b[name] === undefined || !equal(a[name], b[name]),
  );

/**
 * A method proves itself on a toy pair of players with the taps block1 [6, 6, 3], block2 [3, 3, 4], features [4] and
 * logits [3]: every stage lowers its loss, every phase's gradients are slopes of what it says it minimises, it reads
 * labels exactly as it declares, the teacher stays as it is, the same seed gives the same bytes with and without an
 * interruption in every stage, what ships is the student alone, and nothing in its steps defeats a recorded graph.
 *
 * `create` is called anew for every test: make the learning rate high enough for `steps` steps.
 */
export function methodContract(
  { describe, it, expect }: NetworkContractRunner,
  create: () => Method,
  options: MethodContractOptions = {},
): void {
  const { straightThrough = false, steps = 30, lowers = 0.1 } = options;
  let opened: Backend | null = null;
  const backend = (): Backend => (opened ??= options.backend?.() ?? new EagerBackend('cpu'));
  let known: Promise<ToyTeacher> | null = null;
  const teacher = (): Promise<ToyTeacher> => (known ??= toyTeacher());

  const stagesOf = (method: Method) => method.stages(playersOf(method.network(toyStudent())));
  const run = async (
    labels: ((image: number) => number) | null,
    rest: { stepsPerEpoch?: number; epochs?: number; repeats?: boolean; interruptAt?: number } = {},
  ): Promise<StagePlayed[]> => {
    const { stepsPerEpoch = 2, epochs = 2, repeats = false, interruptAt } = rest;
    return play(stagesOf(create()), {
      backend: backend(),
      teacher: (await teacher()).outputs,
      batches: toyBatches(stepsPerEpoch, labels, repeats),
      epochs,
      ...(interruptAt !== undefined && { interruptAt }),
    });
  };
  let once: Promise<StagePlayed[]> | null = null;
  /** A short training, from start to end: several tests look at the same one. */
  const played = (): Promise<StagePlayed[]> => (once ??= run(honest()));
  /** The labels that a method that never reads them is given: none. */
  const honest = () => (create().labels === 'never' ? null : label);

  describe('method contract', () => {
    it('lowers the loss of every stage on one batch', async () => {
      for (const { losses } of await run(honest(), { stepsPerEpoch: 1, epochs: steps, repeats: true })) {
        expect(losses.every(Number.isFinite)).toBe(true);
        const drop = losses[0]! - losses.at(-1)!;
        expect(drop).toBeGreaterThan(lowers * Math.abs(losses[0]!));
      }
    });

    if (!straightThrough) {
      it('gives the slopes of what each phase says it minimises', async () => {
        await tf.setBackend('cpu');
        let previous: Tree<HostTensor> | null = null;
        for (const stage of stagesOf(create())) {
          const at = await firstStep(stage, previous, toyBatches(1, label), (await teacher()).outputs);
          await tf.setBackend('cpu');
          for (const phase of stage.step.phases) {
            const { grads } = phase.gradients(at.state, at.batch, at.hyper, at.context);
            const slope = (state: Tree): number => lossOf(phase, { ...at, state });
            expect(wrongGradients(slope, at.state, grads)).toEqual([]);
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
        const [without, one, other] = [await played(), await run(label), await run(shuffled)];
        expect(differing(without.at(-1)!.state, one.at(-1)!.state)).toEqual([]);
        expect(differing(one.at(-1)!.state, other.at(-1)!.state)).toEqual([]);
      } else {
        const [one, other] = [await played(), await run(shuffled)];
        expect(differing(one.at(-1)!.state, other.at(-1)!.state).length).toBeGreaterThan(0);
      }
    });

    it('repeats its bytes, interrupted or not, in every stage', async () => {
      const one = await played();
      const [same, broken] = [await run(honest()), await run(honest(), { interruptAt: 1 })];
      one.forEach(({ state }, i) => {
        expect(differing(state, same[i]!.state)).toEqual([]);
        expect(differing(state, broken[i]!.state)).toEqual([]);
      });
    });

    it('leaves the teacher as it is, and keeps it out of its state', async () => {
      const { variables } = await teacher();
      const before = mapTree(variables.params, ({ shape, data }) => ({ shape, data: data.slice() }));
      const stages = await run(honest(), { epochs: 1 });
      expect(differing(before, variables.params)).toEqual([]);
      const kept = stages.flatMap(({ state }) => namesOf(state).filter((name) => name.startsWith('teacher')));
      expect(kept).toEqual([]);
    });

    it('ships the variables of the network it trains, all of them changed or carried, and no others', async () => {
      const method = create();
      const network = method.network(toyStudent());
      const fresh = network.init(Rng.fromSeed(1).split('student'), IMAGE);
      const { stage, state } = (await played()).at(-1)!;
      const ships = stage.student(state);
      expect(namesOf(ships.params)).toEqual(namesOf(fresh.params));
      expect(namesOf(ships.stats)).toEqual(namesOf(fresh.stats));
      expect(differing(fresh.params, ships.params).length).toBeGreaterThan(0);
    });

    it('does nothing in a phase that a recorded graph could not', async () => {
      for (const stage of stagesOf(create())) {
        const at = await firstStep(stage, null, toyBatches(1, label), (await teacher()).outputs);
        await tf.setBackend('cpu');
        for (const phase of stage.step.phases) {
          const found = untraceableIn(() => {
            const { grads, stats } = phase.gradients(at.state, at.batch, at.hyper, at.context);
            phase.update({ ...at.state, ...stats }, grads, at.hyper);
          });
          expect(found).toEqual([]);
        }
      }
    });

    it('says all that its steps are made of in their ids', () => {
      const ids = stagesOf(create()).map((stage) => stage.step.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(stagesOf(create()).map((stage) => stage.step.id)).toEqual(ids);
    });
  });
}

import { exchangeByAllReduce, namesOf, type Backend } from '@anc/core';
import { differing } from '../harness/compare.js';
import {
  averagingBalancer,
  convNetwork,
  inLockstep,
  localAllReduce,
  RESIDUAL_ZERO_GRADIENT,
  residualNetwork,
  toyAdversarialStep,
  toyLabelStep,
  ToyMemory,
  toyObjective,
  toyStateErrors,
  trainToy,
  type ToyStep,
  type TrainedToy,
} from '../toy/index.js';
import { metricLimit, type Subject } from './subject.js';
import { momentum, nesterov, task } from './toy-steps.js';

const STEPS = 4;
/** Fewer, because ranks that block are run again from the beginning at every exchange. */
const SYNCHRONIZED_STEPS = 2;

const adversarial = toyAdversarialStep({
  name: 'adversarial, three phases, dropout, averaging balancer',
  task,
  student: convNetwork(task),
  optimizer: momentum,
  phases: ['discriminator', 'student', 'discriminator'],
  setup: {
    balancer: averagingBalancer,
    regularizers: [...toyObjective.regularizers, new ToyMemory()],
  },
});
/** Every row counts the same in it, however unequal the parts are. */
const labels = toyLabelStep({ name: 'labels', task, student: convNetwork(task), optimizer: nesterov });
const normalized = toyAdversarialStep({
  name: 'batch norm',
  task,
  student: residualNetwork(task),
  optimizer: nesterov,
  zeroGradient: RESIDUAL_ZERO_GRADIENT,
});

const normalizedLabels = toyLabelStep({
  name: 'batch norm, unequal parts',
  task: { ...task, batchSize: 7 },
  student: residualNetwork(task),
  optimizer: momentum,
  zeroGradient: RESIDUAL_ZERO_GRADIENT,
});

/** Batches that are cut into micro-batches, or divided among ranks: the same as whole ones. */
export function describeDivided(subject: Subject): void {
  const { describe, expect, test, observe, capabilities, updateLimit } = subject;
  const inRanks = (backend: Backend, toy: ToyStep, ranks: number, accumulate = 1): Promise<TrainedToy[]> => {
    const exchange = exchangeByAllReduce(localAllReduce(ranks));
    return Promise.all(
      Array.from({ length: ranks }, (_, rank) =>
        trainToy(backend, toy, { steps: STEPS, accumulate, exchange, rank: { rank, ranks } }),
      ),
    );
  };
  /** Ranks that block cannot run at the same time in one process. */
  const synchronized = async (backend: Backend, toy: ToyStep, ranks: number): Promise<TrainedToy[]> => {
    const steps = SYNCHRONIZED_STEPS;
    if (backend.capabilities.rankMeans === 'blocking') {
      return inLockstep(ranks, ({ rank, exchange, blocking }) =>
        trainToy(backend, toy, {
          ...{ steps, exchange, rank: { rank, ranks } },
          synchronizedBatchNorm: { ranks, blocking },
        }),
      );
    }
    const exchange = exchangeByAllReduce(localAllReduce(ranks));
    return Promise.all(
      Array.from({ length: ranks }, (_, rank) =>
        trainToy(backend, toy, {
          ...{ steps, exchange, rank: { rank, ranks } },
          synchronizedBatchNorm: { ranks },
        }),
      ),
    );
  };
  const expectSame = (toy: ToyStep, found: TrainedToy, whole: TrainedToy): void => {
    expect(namesOf(found.state)).toEqual(namesOf(whole.state));
    const errors = Object.entries(toyStateErrors(toy, found.state, whole.state));
    for (const [name, error] of errors) observe(`${toy.name}, divided: ${name}`, error);
    expect(errors.filter(([, error]) => !(error <= updateLimit))).toEqual([]);
    expect(namesOf(found.metrics)).toEqual(namesOf(whole.metrics));
    // The area under the curve compares the rows of a part with each other: it has no mean over rows.
    const wrong = namesOf(whole.metrics).filter((name) => {
      const [a, b] = [found.metrics[name]!, whole.metrics[name]!];
      return (
        !name.startsWith('discriminator/auc') &&
        !(Math.abs(a - b) <= metricLimit(subject) * Math.max(1, Math.abs(b)))
      );
    });
    expect(wrong).toEqual([]);
  };

  const trainedWhole = new Map<ToyStep, TrainedToy>();
  /** What whole batches give: trained once for all tests of a step. */
  const wholeOf = async (backend: Backend, toy: ToyStep): Promise<TrainedToy> => {
    const trained = trainedWhole.get(toy) ?? (await trainToy(backend, toy, { steps: STEPS }));
    trainedWhole.set(toy, trained);
    return trained;
  };

  describe('divided batches', () => {
    for (const [toy, parts] of [
      [adversarial, 4],
      [labels, 3],
    ] as const) {
      test(`${toy.name}: ${parts} micro-batches give what the whole batch gives`, async (backend) => {
        const whole = await wholeOf(backend, toy);
        expectSame(toy, await trainToy(backend, toy, { steps: STEPS, accumulate: parts }), whole);
      });
    }

    for (const [toy, ranks, accumulate] of [
      [adversarial, 2, 1],
      [adversarial, 2, 2],
      [labels, 3, 1],
    ] as const) {
      const each = accumulate === 1 ? '' : `, each with ${accumulate} micro-batches,`;
      test(`${toy.name}: ${ranks} ranks${each} give what one gives`, async (backend) => {
        const whole = await wholeOf(backend, toy);
        const all = await inRanks(backend, toy, ranks, accumulate);
        for (const rank of all) expectSame(toy, rank, whole);
        if (capabilities.deterministic) expect(differing(all[0]!.state, all[1]!.state)).toEqual([]);
      });
    }

    if ((capabilities.rankMeans ?? null) !== null) {
      for (const [toy, ranks] of [
        [normalized, 2],
        [normalizedLabels, 3],
      ] as const) {
        test(`${toy.name}: ${ranks} ranks that synchronize it give what one gives`, async (backend) => {
          const whole = await trainToy(backend, toy, { steps: SYNCHRONIZED_STEPS });
          const all = await synchronized(backend, toy, ranks);
          for (const rank of all) expectSame(toy, rank, whole);
          if (capabilities.deterministic) expect(differing(all[0]!.state, all[1]!.state)).toEqual([]);
        });
      }
    }

    test('with batch norm, ranks have the same weights and statistics', async (backend) => {
      const [one, other] = (await inRanks(backend, normalized, 2)) as [TrainedToy, TrainedToy];
      expect(differing(one.state, other.state)).toEqual([]);
      expect(one.metrics).toEqual(other.metrics);
    });
  });
}

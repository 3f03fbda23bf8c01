import '@tensorflow/tfjs-backend-cpu';
import {
  toStateEntries,
  createOptimizer,
  mapTree,
  Method,
  modelStateOf,
  optimizerConfigSchema,
  softmaxCrossEntropy,
  squaredDistance,
  termStep,
  type LabelUse,
  type Phase,
  type MethodEnvironment,
  type Rng,
  type Stage,
  type Step,
  type Term,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { methodContract } from '../src/index.js';

const imitation: Term = {
  name: 'data',
  id: 'l2',
  teacherOutputs: ['logits'],
  usesLabels: false,
  loss: ({ outputs, batch }) => squaredDistance(outputs.logits, batch['teacher/logits']!, 'mean'),
};

const labelled: Term = {
  name: 'labels',
  id: 'cross-entropy',
  teacherOutputs: [],
  usesLabels: true,
  loss: ({ outputs, batch }) => softmaxCrossEntropy(outputs.logits, batch.labels!),
};

/** What a broken method does differently. */
interface Breach {
  readonly labels?: LabelUse;
  readonly term?: Term;
  readonly learningRate?: number;
  readonly stage?: (stage: Stage) => Partial<Stage>;
  readonly phase?: (phase: Phase) => Partial<Phase>;
}

/** The plainest sound method: the student follows the teacher's logits. */
class Plain extends Method {
  readonly name = 'plain';
  readonly labels: LabelUse;
  readonly needsTeacher = true;

  constructor(readonly breach: Breach = {}) {
    super();
    this.labels = breach.labels ?? 'never';
  }

  stages({ student, input }: MethodEnvironment): readonly Stage[] {
    const { breach } = this;
    const term = breach.term ?? imitation;
    const optimizer = createOptimizer(optimizerConfigSchema.parse({ optimizer: 'sgd' }));
    const sound = termStep({ student, optimizer, terms: [term] });
    const step: Step = {
      id: sound.id,
      phases: sound.phases.map((phase) => ({
        name: phase.name,
        gradients: (...args) => phase.gradients(...args),
        update: (...args) => phase.update(...args),
        ...breach.phase?.(phase),
      })),
    };
    const stage: Stage = {
      name: 'plain',
      teacherOutputs: term.teacherOutputs,
      usesLabels: term.usesLabels,
      step,
      init(rng: Rng) {
        const { params, stats } = student.init(rng.split('student'), input);
        return toStateEntries('student', { params, stats, slots: optimizer.init(params) });
      },
      next: () => ({
        hyper: { 'student/learningRate': breach.learningRate ?? 0.005, [`weight/${term.name}`]: 1 },
        phases: ['student'],
      }),
      student: (state) => {
        const { params, stats } = modelStateOf(state, 'student');
        return { params, stats };
      },
    };
    return [{ ...stage, ...breach.stage?.(stage) }];
  }
}

const options = { steps: 12 };

describe('a sound method', () => {
  methodContract({ describe, it, expect }, () => new Plain(), options);
});

describe('a sound method with labels', () => {
  methodContract(
    { describe, it, expect },
    () => new Plain({ labels: 'required', term: labelled, learningRate: 0.05 }),
    options,
  );
});

/** Names of the contract's tests that a method fails. */
async function failures(breach: Breach): Promise<string[]> {
  const tests: [string, () => void | Promise<void>][] = [];
  const runner = {
    describe: (_name: string, body: () => void) => {
      body();
    },
    it: (...test: (typeof tests)[0]) => void tests.push(test),
    expect,
  };
  methodContract(runner, () => new Plain(breach), options);
  const failed: string[] = [];
  for (const [name, body] of tests) {
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

const LABELS = 'reads labels as it declares';
const SAME = 'repeats its bytes, interrupted or not, in every stage';
const SHIPS = 'ships the variables of the network it trains, all of them changed or carried, and no others';

/** A number that is another one at every call: what a method with a memory of its own would compute with. */
let calls = 0;
const another = (): number => ++calls / 1e4;

describe('the suite finds a method that', () => {
  it.each<[string, Breach, string]>([
    ['reads labels and says that it never does', { term: labelled }, LABELS],
    ['reads none and says that it needs them', { labels: 'required' }, LABELS],
    [
      'says that it needs labels and does not look at them',
      { labels: 'required', stage: () => ({ usesLabels: true }) },
      LABELS,
    ],
    [
      'keeps a teacher in its state and trains it',
      {
        stage: (stage) => ({
          init: (rng, previous) => ({
            ...stage.init(rng, previous),
            'teacher/params/w': { shape: [1], data: new Float32Array(1) },
          }),
        }),
      },
      'leaves the teacher as it is, and keeps it out of its state',
    ],
    [
      'is another one at every run',
      {
        phase: (phase) => ({
          update: (...args) => mapTree(phase.update(...args), (leaf) => tf.mul(leaf, 1 + another())),
        }),
      },
      SAME,
    ],
    [
      'gives gradients of something else',
      {
        phase: (phase) => ({
          gradients(...args) {
            const found = phase.gradients(...args);
            return { ...found, grads: mapTree(found.grads, (grad) => tf.mul(grad, 2)) };
          },
        }),
      },
      'gives the slopes of what each phase says it minimises',
    ],
    ['does not learn', { learningRate: 1e-9 }, 'lowers the loss of every stage on one batch'],
    [
      'ships more than the student',
      {
        stage: (stage) => ({
          student(state) {
            const { params, stats } = stage.student(state);
            return { params: { ...params, extra: { shape: [1], data: new Float32Array(1) } }, stats };
          },
        }),
      },
      SHIPS,
    ],
    [
      'looks at values while it is recorded',
      {
        phase: (phase) => ({
          gradients(...args) {
            const found = phase.gradients(...args);
            for (const grad of Object.values(found.grads)) grad.dataSync();
            return found;
          },
        }),
      },
      'does nothing in a phase that a recorded graph could not',
    ],
  ])('%s', async (_what, breach, test) => {
    expect(await failures(breach)).toContain(test);
  });
});

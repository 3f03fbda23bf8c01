import '@tensorflow/tfjs-backend-cpu';
import {
  toStateEntries,
  createOptimizer,
  mapTree,
  Method,
  modelStateOf,
  optimizerConfigSchema,
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
import { labelTerm } from '../src/toy/index.js';
import { failuresOf } from './collect.js';

const distillation: Term = {
  name: 'data',
  id: 'l2',
  teacherOutputs: ['logits'],
  usesLabels: false,
  loss: ({ outputs, batch }) => squaredDistance(outputs.logits, batch['teacher/logits']!, 'mean'),
};

/** What a faulty method does differently. */
interface Fault {
  readonly labels?: LabelUse;
  readonly term?: Term;
  readonly learningRate?: number;
  readonly stage?: (stage: Stage) => Partial<Stage>;
  readonly phase?: (phase: Phase) => Partial<Phase>;
}

/** The simplest correct method: the student minimizes the distance to the teacher's logits. */
class Plain extends Method {
  readonly name = 'plain';
  readonly labels: LabelUse;
  readonly needsTeacher = true;

  constructor(readonly fault: Fault = {}) {
    super();
    this.labels = fault.labels ?? 'never';
  }

  stages({ student, input }: MethodEnvironment): readonly Stage[] {
    const { fault } = this;
    const term = fault.term ?? distillation;
    const optimizer = createOptimizer(optimizerConfigSchema.parse({ optimizer: 'sgd' }));
    const correct = termStep({ student, optimizer, terms: [term] });
    const step: Step = {
      id: correct.id,
      phases: correct.phases.map((phase) => ({
        name: phase.name,
        gradients: (...args) => phase.gradients(...args),
        update: (...args) => phase.update(...args),
        ...fault.phase?.(phase),
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
        hyper: { 'student/learningRate': fault.learningRate ?? 0.005, [`weight/${term.name}`]: 1 },
        phases: ['student'],
      }),
      student: (state) => {
        const { params, stats } = modelStateOf(state, 'student');
        return { params, stats };
      },
    };
    return [{ ...stage, ...fault.stage?.(stage) }];
  }
}

const options = { steps: 12 };

describe('a correct method', () => {
  methodContract({ describe, it, expect }, () => new Plain(), options);
});

describe('a correct method with labels', () => {
  methodContract(
    { describe, it, expect },
    () => new Plain({ labels: 'required', term: labelTerm, learningRate: 0.05 }),
    options,
  );
});

/** Names of the contract's tests that a method fails. */
async function failures(fault: Fault): Promise<string[]> {
  const paths = await failuresOf((runner) => methodContract(runner, () => new Plain(fault), options));
  return paths.map((path) => path.split(' > ').at(-1)!);
}

const LABELS = 'reads labels as it declares';
const SAME = 'gives the same bytes for the same seed, interrupted or not, in every stage';
const EXPORT = "exports the trained network's variables and no others";

/** A different number at every call, as in a method with state of its own. */
let calls = 0;
const different = (): number => ++calls / 1e4;

describe('the suite finds a method that', () => {
  it.each<[string, Fault, string]>([
    ['reads labels although it declares that it does not', { term: labelTerm }, LABELS],
    ['does not read the labels that it requires', { labels: 'required' }, LABELS],
    [
      'gets the labels that it requires and does not use them',
      { labels: 'required', stage: () => ({ usesLabels: true }) },
      LABELS,
    ],
    [
      'keeps a teacher in its state',
      {
        stage: (stage) => ({
          init: (rng, previous) => ({
            ...stage.init(rng, previous),
            'teacher/params/w': { shape: [1], data: new Float32Array(1) },
          }),
        }),
      },
      'does not change the teacher, and keeps it out of what is trained',
    ],
    [
      'is different at every run',
      {
        phase: (phase) => ({
          update: (...args) => mapTree(phase.update(...args), (leaf) => tf.mul(leaf, 1 + different())),
        }),
      },
      SAME,
    ],
    [
      'has wrong gradients',
      {
        phase: (phase) => ({
          gradients(...args) {
            const found = phase.gradients(...args);
            return { ...found, grads: mapTree(found.grads, (grad) => tf.mul(grad, 2)) };
          },
        }),
      },
      'has gradients in every phase that agree with finite differences of its loss',
    ],
    ['does not learn', { learningRate: 1e-9 }, 'lowers the loss of every stage on one batch'],
    [
      'exports more than the student',
      {
        stage: (stage) => ({
          student(state) {
            const { params, stats } = stage.student(state);
            return { params: { ...params, extra: { shape: [1], data: new Float32Array(1) } }, stats };
          },
        }),
      },
      EXPORT,
    ],
    [
      'reads values while it is recorded',
      {
        phase: (phase) => ({
          gradients(...args) {
            const found = phase.gradients(...args);
            for (const grad of Object.values(found.grads)) grad.dataSync();
            return found;
          },
        }),
      },
      'has phases that can be recorded as graphs',
    ],
  ])('%s', async (_what, fault, test) => {
    expect(await failures(fault)).toContain(test);
  });
});

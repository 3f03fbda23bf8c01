import {
  prefixTree,
  subtree,
  type ClassifierOutputs,
  type Discrepancy,
  type GeneratorTerm,
  type Tree,
} from '@anc/core';
import { scalarFrom } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { normalTensor } from '../harness/differentiable.js';
import type { Subject } from './component-checks.js';

const BATCH = 6;
const IMAGE = [4, 4, 2];

/** A discrepancy as a function of both networks' logits [6, 3]. `scale`: of the logits. */
export function discrepancySubject(discrepancy: Discrepancy, scale = 1): Subject {
  const what = `discrepancy "${discrepancy.name}": distance`;
  return {
    what,
    compute: ({ student, teacher }, noise) =>
      scalarFrom(`discrepancy "${discrepancy.name}"`, 'distance', () =>
        discrepancy.distance(student!, teacher!, { progress: tf.scalar(0.5), noise }),
      ),
    leaves: {
      student: normalTensor('student', [BATCH, 3], scale),
      teacher: normalTensor('teacher', [BATCH, 3], scale),
    },
  };
}

/**
 * A term of the generator's loss as a function of everything that it is computed from: images [6, 4, 4, 2] in bytes, noise
 * [6, 5], outputs of both networks, and the inputs of two batch norms.
 */
export function generatorTermSubject(term: GeneratorTerm, outputs: Tree<readonly number[]> = {}): Subject {
  const shapes = { logits: [3], features: [4], ...outputs };
  const network = (who: string) =>
    prefixTree(
      who,
      Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [
          name,
          normalTensor(`${who}/${name}`, [BATCH, ...shape]),
        ]),
      ),
    );
  return {
    what: `generator term "${term.name}": penalty`,
    compute: (leaves, noise) =>
      scalarFrom(`generator term "${term.name}"`, 'penalty', () =>
        term.penalty({
          progress: tf.scalar(0.5),
          noise,
          images: tf.add(tf.mul(leaves['images']!, 40), 127),
          z: leaves['z']!,
          teacher: subtree(leaves, 'teacher') as unknown as ClassifierOutputs,
          student: subtree(leaves, 'student') as unknown as ClassifierOutputs,
          batchNorms: ['norm1', 'norm2'].map((name) => ({
            x: leaves[name]!,
            mean: tf.tensor1d([0.2, -0.3]),
            variance: tf.tensor1d([0.5, 2]),
          })),
        }),
      ),
    leaves: {
      ...network('teacher'),
      ...network('student'),
      images: normalTensor('images', [BATCH, ...IMAGE]),
      z: normalTensor('z', [BATCH, 5]),
      norm1: normalTensor('norm1', [BATCH, 4, 4, 2]),
      norm2: normalTensor('norm2', [BATCH, 2]),
    },
  };
}

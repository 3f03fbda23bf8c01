import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { valueAndGradients, type Differentiated, type ValueAndGradients } from '../autodiff/autodiff.js';
import type { GeneratorTermContext } from '../contracts/generation.js';
import type { BatchNormInput, Context } from '../contracts/network.js';
import { originOf } from '../contracts/origin.js';
import type { Phase } from '../contracts/step.js';
import { mergeTrees, prefixTree, subtree, type Tree } from '../tree/tree.js';
import { termBoundary } from '../finite/produced.js';
import { memoryFrom, scalarFrom } from './component-result.js';
import { dataFreePhases, termMetric, type DataFreeSetup } from './data-free-setup.js';
import {
  applyStudent,
  applyTeacher,
  distanceBetween,
  generate,
  MEMORY,
  noiseFor,
  PREVIEW,
  PREVIEWED,
  samplesOf,
} from './generated-images.js';
import { generatorMetrics } from './generator-metrics.js';
import { modelNames, toStateEntries } from './model-state.js';
import { objectiveContext } from './objective-context.js';
import { wholeContext } from './play-phases.js';
import { applyOptimizer, producedGradients, trainableParams } from './student-phase.js';

/** What the generator's loss is computed from, besides its parameters. */
interface Given {
  readonly state: Tree;
  readonly hyper: Tree<Scalar>;
  readonly context: Context;
}

/**
 * The generator's phase: new images, the frozen teacher's and the fixed student's outputs for them, and the gradients of
 * Σ terms - weight · discrepancy at the generator's parameters. The images go to the memory as they were before the update.
 * The student runs in training mode, as in its own phase; its statistics are not kept.
 */
export function generatorPhase(setup: DataFreeSetup): Phase {
  const { generator } = modelNames;
  return {
    name: dataFreePhases.generator,
    replicated: true,
    gradients(state, _batch, hyper, context) {
      const given = { state, hyper, context: setup.shown === undefined ? context : wholeContext(context) };
      const params = trainableParams(state, [generator]);
      const lossAt = (leaves: Tree): Differentiated =>
        generatorLoss(setup, given, subtree(leaves, `${generator}/params`));
      const found = setup.frozen === true ? forward(lossAt(params)) : valueAndGradients(lossAt, params);
      producedGradients(found.grads, generator, originOf('generator', setup.generator));
      const entries = (kind: string): Record<string, Tensor> => subtree(found.aux, kind);
      return {
        grads: found.grads,
        stats: {
          ...toStateEntries<Tensor>(generator, { stats: entries('stats') }),
          ...remembered(setup, state, entries('samples')),
        },
        metrics: {
          [`loss/${dataFreePhases.generator}`]: found.loss,
          ...(entries('metrics') as Tree<Scalar>),
          ...generatorMetrics(found.aux['samples/images']!, found.aux['samples/teacher/logits']!),
        },
      };
    },
    update: (state, grads, hyper) =>
      setup.frozen === true
        ? {}
        : applyOptimizer(
            state,
            grads,
            [generator],
            setup.optimizers.generator,
            hyper['generator/learningRate']!,
          ),
  };
}

/** A loss without gradients, of a generator that is not trained. */
const forward = ({ loss, aux = {} }: Differentiated): Pick<ValueAndGradients, 'loss' | 'aux' | 'grads'> => ({
  loss,
  aux: { ...aux },
  grads: {},
});

function generatorLoss(setup: DataFreeSetup, { state, hyper, context }: Given, params: Tree): Differentiated {
  const z = noiseFor(setup, context, 'generator', setup.batchSize);
  const { images, stats } = generate(setup, state, params, z, context);
  const batchNorms: BatchNormInput[] = [];
  const teacher = applyTeacher(setup, state, images, context, (input) => batchNorms.push(input));
  const student = applyStudent(setup, state, images, context);
  const within = objectiveContext('generator/discrepancy', hyper, context, {});
  const distance = distanceBetween(setup, student, teacher, within);
  const penalties = setup.terms.map((term, i) => {
    const what = originOf('generator term', term);
    const boundary = termBoundary(what, false);
    const own: Omit<GeneratorTermContext, 'progress' | 'noise'> = {
      images: boundary.input('the images', images),
      z,
      teacher: boundary.inputs(teacher),
      student: boundary.inputs(student),
      batchNorms: batchNorms.map((one) => boundary.inputs(one)),
    };
    const given = objectiveContext(`generator/term/${i}`, hyper, context, own);
    return scalarFrom(what, 'penalty', () => term.penalty(given));
  });
  const adversarial = tf.neg<Scalar>(tf.mul(distance, hyper.discrepancy!));
  return {
    loss: penalties.reduce((sum, penalty) => tf.add(sum, penalty), adversarial),
    aux: {
      ...prefixTree('stats', stats),
      ...prefixTree('samples', samplesOf(setup, images, teacher)),
      ...prefixTree('metrics', {
        'loss/discrepancy': distance,
        ...Object.fromEntries(penalties.map((penalty, i) => [termMetric(i, setup.terms[i]!), penalty])),
      }),
    },
  };
}

/** State entries of the memory with these samples, and of the preview. */
function remembered(setup: DataFreeSetup, state: Tree, samples: Tree): Record<string, Tensor> {
  const { memory } = setup;
  const before = subtree(state, MEMORY);
  const after = memory.fresh
    ? {}
    : memoryFrom(originOf('memory', memory), 'push', before, () => memory.push(before, samples));
  const images = samples.images!;
  const previewed = Math.min(PREVIEWED, images.shape[0]);
  return mergeTrees(prefixTree(MEMORY, after), { [PREVIEW]: tf.slice(images, 0, previewed) });
}

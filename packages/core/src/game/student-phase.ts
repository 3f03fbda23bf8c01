import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { valueAndGradients } from '../autodiff.js';
import type { ClassifierOutputs, Context, Network } from '../network.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { Phase } from '../step.js';
import { prefixTree, subtree, type Tree } from '../tree.js';
import { asState, playerNames, playerOf } from './names.js';

/** What an objective may look at. */
export interface Situation {
  readonly outputs: ClassifierOutputs;
  readonly state: Tree;
  readonly batch: Tree;
  readonly hyper: Tree<Scalar>;
  readonly context: Context;
}

export interface Judged {
  /** What the student minimises. */
  readonly loss: Scalar;
  readonly metrics: Tree<Scalar>;
  /** Values that `after` needs. */
  readonly aux?: Tree;
  /** Tensors at which `after` wants ∂loss. */
  readonly watch?: Tree;
}

/** Runs once the gradients are known: diagnostics, and state that depends on them. */
export interface Aftermath {
  readonly metrics?: Tree<Scalar>;
  readonly stats?: Tree;
}

export interface StudentPhaseOptions {
  readonly student: Network<ClassifierOutputs>;
  readonly optimizer: Optimizer;
  objective(situation: Situation): Judged;
  after?(
    situation: Omit<Situation, 'outputs'>,
    found: { readonly aux: Tree; readonly watched: Tree },
  ): Aftermath;
  /** Replaces the context under which the student is applied. */
  lens?(context: Context): Context;
}

/** A student's move: forward in training mode, its objective, one optimiser step. Its statistics are the ones kept. */
export function studentPhase({ student, optimizer, objective, after, lens }: StudentPhaseOptions): Phase {
  const player = playerNames.student;
  return {
    name: player,
    gradients(state, batch, hyper, context) {
      const { params, stats } = playerOf(state, player);
      const found = valueAndGradients((trained) => {
        const applied = student.apply(
          { params: trained, stats },
          batch.images!,
          lens ? lens(context) : context,
        );
        const judged = objective({ outputs: applied.outputs, state, batch, hyper, context });
        return {
          loss: judged.loss,
          watch: judged.watch ?? {},
          aux: {
            ...prefixTree('stats', applied.stats),
            ...prefixTree('metrics', judged.metrics),
            ...prefixTree('aux', judged.aux ?? {}),
          },
        };
      }, params);
      const aux = (kind: string): Record<string, Tensor> => subtree(found.aux, kind);
      const late = after?.({ state, batch, hyper, context }, { aux: aux('aux'), watched: found.watched });
      return {
        grads: found.grads,
        stats: { ...asState<Tensor>(player, { stats: aux('stats') }), ...late?.stats },
        metrics: { 'loss/student': found.loss, ...(aux('metrics') as Tree<Scalar>), ...late?.metrics },
      };
    },
    update(state, grads, hyper) {
      const { params, slots } = playerOf(state, player);
      return asState<Tensor>(player, optimizer.update(grads, slots, params, hyper['student/learningRate']!));
    },
  };
}

import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { valueAndGradients } from '../autodiff/autodiff.js';
import type { Layer } from '../layers/layer.js';
import type { ClassifierOutputs, Context, Network } from '../contracts/network.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Phase } from '../contracts/step.js';
import { mergeTrees, prefixTree, subtree, type Tree } from '../tree/tree.js';
import { toStateEntries, modelNames, modelStateOf } from './model-state.js';

/**
 * A layer that is trained beside the student and at its rate, such as a projection of its features to the
 * teacher's width. It is a player of its own in the training state and does not ship.
 */
export interface AuxiliaryLayer {
  readonly layer: Layer;
  /** What it takes, without the batch axis. */
  readonly input: readonly number[];
}

/** What an objective may look at. */
export interface LossContext {
  readonly outputs: ClassifierOutputs;
  readonly state: Tree;
  readonly batch: Tree;
  readonly hyper: Tree<Scalar>;
  readonly context: Context;
  /** Passes x through a companion, differentiably. */
  auxiliary(name: string, x: Tensor): Tensor;
}

export interface LossResult {
  /** What the student minimises. */
  readonly loss: Scalar;
  readonly metrics: Tree<Scalar>;
  /** Values that `after` needs. */
  readonly aux?: Tree;
  /** Tensors at which `after` wants ∂loss. */
  readonly watch?: Tree;
}

/** Runs once the gradients are known: diagnostics, and state that depends on them. */
export interface GradientDiagnostics {
  readonly metrics?: Tree<Scalar>;
  readonly stats?: Tree;
}

export interface StudentPhaseOptions {
  readonly student: Network<ClassifierOutputs>;
  readonly optimizer: Optimizer;
  /** By the player's name in the state. */
  readonly auxiliaryLayers?: Tree<AuxiliaryLayer>;
  objective(situation: LossContext): LossResult;
  after?(
    situation: Omit<LossContext, 'outputs' | 'auxiliary'>,
    found: { readonly aux: Tree; readonly watched: Tree },
  ): GradientDiagnostics;
  /** Replaces the context under which the student is applied. */
  wrapContext?(context: Context): Context;
}

/** A student's move: forward in training mode, its objective, one optimiser step. Its statistics are the ones kept. */
export function studentPhase(options: StudentPhaseOptions): Phase {
  const {
    student,
    optimizer,
    auxiliaryLayers: companions = {},
    objective,
    after,
    wrapContext: lens,
  } = options;
  const player = modelNames.student;
  const trains = [player, ...Object.keys(companions)];
  return {
    name: player,
    gradients(state, batch, hyper, context) {
      const { stats } = modelStateOf(state, player);
      const found = valueAndGradients(
        (trained) => {
          const params = subtree(trained, `${player}/params`);
          const applied = student.apply({ params, stats }, batch.images!, lens ? lens(context) : context);
          const moved: Tree[] = [toStateEntries<Tensor>(player, { stats: applied.stats })];
          const companion = (name: string, x: Tensor): Tensor => {
            const own = {
              params: subtree(trained, `${name}/params`),
              stats: modelStateOf(state, name).stats,
            };
            const seen = companions[name]!.layer.apply(own, x, context);
            moved.push(toStateEntries<Tensor>(name, { stats: seen.stats }));
            return seen.output;
          };
          const judged = objective({
            outputs: applied.outputs,
            state,
            batch,
            hyper,
            context,
            auxiliary: companion,
          });
          return {
            loss: judged.loss,
            watch: judged.watch ?? {},
            aux: {
              ...prefixTree('stats', Object.assign({}, ...moved) as Tree),
              ...prefixTree('metrics', judged.metrics),
              ...prefixTree('aux', judged.aux ?? {}),
            },
          };
        },
        trainableParams(state, trains),
      );
      const aux = (kind: string): Record<string, Tensor> => subtree(found.aux, kind);
      const late = after?.({ state, batch, hyper, context }, { aux: aux('aux'), watched: found.watched });
      return {
        grads: found.grads,
        stats: { ...aux('stats'), ...late?.stats },
        metrics: { 'loss/student': found.loss, ...(aux('metrics') as Tree<Scalar>), ...late?.metrics },
      };
    },
    update: (state, grads, hyper) =>
      applyOptimizer(state, grads, trains, optimizer, hyper['student/learningRate']!),
  };
}

/** The trainable parameters of some players, by full state name. */
export const trainableParams = (state: Tree, players: readonly string[]): Record<string, Tensor> =>
  mergeTrees(...players.map((player) => prefixTree(`${player}/params`, modelStateOf(state, player).params)));

/** One optimiser step of some players. grads: by full state name. Returns the changed entries. */
export function applyOptimizer(
  state: Tree,
  grads: Tree,
  players: readonly string[],
  optimizer: Optimizer,
  learningRate: Scalar,
): Record<string, Tensor> {
  const moved = players.map((player) => {
    const { params, slots } = modelStateOf(state, player);
    const own = subtree(grads, `${player}/params`);
    return toStateEntries<Tensor>(player, optimizer.update(own, slots, params, learningRate));
  });
  return mergeTrees(...moved);
}

/** What a companion says of x with the state's own weights, fixed. */
export function applyAuxiliary(
  { layer }: AuxiliaryLayer,
  name: string,
  state: Tree,
  x: Tensor,
  context: Context,
): Tensor {
  const { params, stats } = modelStateOf(state, name);
  return layer.apply({ params, stats }, x, context).output;
}

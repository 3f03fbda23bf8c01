import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { valueAndGradients } from '../autodiff/autodiff.js';
import type { ClassifierOutputs, Context, Network } from '../contracts/network.js';
import { originOf } from '../contracts/origin.js';
import type { Phase } from '../contracts/step.js';
import type { Task } from '../contracts/task.js';
import type { Layer } from '../layers/layer.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { classification } from '../tasks/classification/classification.js';
import { produced } from '../finite/produced.js';
import { mergeTrees, prefixTree, subtree, type Tree } from '../tree/tree.js';
import { modelNames, modelStateOf, toStateEntries } from './model-state.js';
import { assertApplied, blamed } from './network-result.js';

/**
 * A layer that is trained beside the student, at the student's learning rate, such as a projection of its features to
 * the teacher's width. It is a model of its own in the training state, and is not part of the trained student.
 */
export interface AuxiliaryLayer {
  /** The layer. */
  readonly layer: Layer;
  /** Shape of its input, without the batch axis. */
  readonly input: readonly number[];
}

/** What a loss of the student is computed from. */
export interface LossContext {
  /** The student's outputs, [B, …] each. */
  readonly outputs: ClassifierOutputs;
  /** The training state, by full name. */
  readonly state: Tree;
  /** The batch: images, teacher outputs and labels, [B, …] each. */
  readonly batch: Tree;
  /** Hyper-parameters of this step, by name. */
  readonly hyper: Tree<Scalar>;
  /** Mode, noise and activations of this call. */
  readonly context: Context;
  /** What the logits mean. */
  readonly task: Task;
  /** Applies an auxiliary layer to x, differentiably. */
  auxiliary(name: string, x: Tensor): Tensor;
}

/** The student's loss, and what is recorded with it. */
export interface LossResult {
  /** What the student minimizes. */
  readonly loss: Scalar;
  /** Metrics by name; their means over the steps are recorded. */
  readonly metrics: Tree<Scalar>;
  /** Values that `after` needs. */
  readonly aux?: Tree;
  /** Tensors at which `after` needs ∂loss. */
  readonly watch?: Tree;
}

/** Metrics, and means that state entries are made from, that depend on the gradients. */
export interface GradientDiagnostics {
  /** Metrics by name; their means over the steps are recorded. */
  readonly metrics?: Tree<Scalar>;
  /** Means over the batch, for `remember`. */
  readonly means?: Tree;
}

/** Options of `studentPhase`. */
export interface StudentPhaseOptions {
  /** The network to train. */
  readonly student: Network<ClassifierOutputs>;
  /** Its optimizer. */
  readonly optimizer: Optimizer;
  /** What the logits mean; default: classification. */
  readonly task?: Task;
  /** By name in the training state. */
  readonly auxiliaryLayers?: Tree<AuxiliaryLayer>;
  /** Computes the student's loss. */
  objective(context: LossContext): LossResult;
  /** Runs when the gradients are known; `found` holds what `objective` returned, and the gradients it watches. */
  after?(
    context: Omit<LossContext, 'outputs' | 'auxiliary'>,
    found: { readonly aux: Tree; readonly watched: Tree },
  ): GradientDiagnostics;
  /** State entries beside the trained models', from the means of `after` over the whole batch. */
  remember?(state: Tree, means: Tree): Tree;
  /** Replaces the context under which the student is applied. */
  wrapContext?(context: Context): Context;
}

/**
 * The student's phase: forward in training mode, the gradients of its objective, one optimizer step. The statistics
 * of this forward pass are the ones that the state keeps.
 */
export function studentPhase(options: StudentPhaseOptions): Phase {
  const {
    student,
    optimizer,
    task = classification,
    auxiliaryLayers = {},
    objective,
    after,
    remember,
    wrapContext,
  } = options;
  const name = modelNames.student;
  const trained = [name, ...Object.keys(auxiliaryLayers)];
  return {
    name,
    gradients(state, batch, hyper, context) {
      const { stats } = modelStateOf(state, name);
      const what = originOf('model', student);
      const found = valueAndGradients(
        (leaves) => {
          const params = subtree(leaves, `${name}/params`);
          const studentContext = wrapContext ? wrapContext(context) : context;
          const applied = blamed(what, () => student.apply({ params, stats }, batch.images!, studentContext));
          assertApplied(what, applied, { params, stats }, ['logits'], batch.images!.shape[0]);
          const changed: Tree[] = [toStateEntries<Tensor>(name, { stats: applied.stats })];
          const auxiliary = (layer: string, x: Tensor): Tensor => {
            const variables = {
              params: subtree(leaves, `${layer}/params`),
              stats: modelStateOf(state, layer).stats,
            };
            const { output, stats } = auxiliaryLayers[layer]!.layer.apply(variables, x, context);
            changed.push(toStateEntries<Tensor>(layer, { stats }));
            return produced(`layer "${layer}" returned an output that is`, output);
          };
          const { outputs } = applied;
          const result = objective({ outputs, state, batch, hyper, context, task, auxiliary });
          return {
            loss: result.loss,
            watch: result.watch ?? {},
            aux: {
              ...prefixTree('stats', Object.assign({}, ...changed) as Tree),
              ...prefixTree('metrics', result.metrics),
              ...prefixTree('aux', result.aux ?? {}),
            },
          };
        },
        trainableParams(state, trained),
      );
      producedGradients(found.grads, name, what);
      const aux = (kind: string): Record<string, Tensor> => subtree(found.aux, kind);
      const late = after?.(
        { state, batch, hyper, context, task },
        { aux: aux('aux'), watched: found.watched },
      );
      return {
        grads: found.grads,
        stats: aux('stats'),
        means: late?.means ?? {},
        metrics: { 'loss/student': found.loss, ...(aux('metrics') as Tree<Scalar>), ...late?.metrics },
      };
    },
    update: (state, grads, hyper, means = {}) => ({
      ...applyOptimizer(state, grads, trained, optimizer, hyper['student/learningRate']!),
      ...remember?.(state, means),
    }),
  };
}

/** The trainable parameters of some models, by full state name. */
export const trainableParams = (state: Tree, models: readonly string[]): Record<string, Tensor> =>
  mergeTrees(...models.map((model) => prefixTree(`${model}/params`, modelStateOf(state, model).params)));

/** Shows the gradients of a network's parameters. grads: by full state name. */
export const producedGradients = (grads: Tree, model: string, what: string): Tree =>
  produced(`${what} returned gradients for its parameters that are`, subtree(grads, `${model}/params`));

/** One optimizer step of some models. grads: by full state name. Returns the changed entries. */
export function applyOptimizer(
  state: Tree,
  grads: Tree,
  models: readonly string[],
  optimizer: Optimizer,
  learningRate: Scalar,
): Record<string, Tensor> {
  const updated = models.map((model) => {
    const { params, slots } = modelStateOf(state, model);
    const own = subtree(grads, `${model}/params`);
    const { params: next, slots: remembered } = optimizer.update(own, slots, params, learningRate);
    produced(`optimizer "${optimizer.id}" returned parameters or slots of "${model}" that are`, {
      ...prefixTree('params', next),
      ...prefixTree('slots', remembered),
    });
    return toStateEntries<Tensor>(model, { params: next, slots: remembered });
  });
  return mergeTrees(...updated);
}

/** Applies an auxiliary layer to x with the variables that the state holds, which are constants here. */
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

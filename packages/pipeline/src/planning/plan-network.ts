import {
  mapTree,
  Rng,
  normalizedNetwork,
  type Backend,
  type ClassifierOutputs,
  type HostTensor,
  type Network,
  type Tree,
  type Variables,
} from '@anc/core';
import { assertVariables, originOf, outputShapes, setOrigin } from '@anc/core/internal';
import { blaming } from '../composition/plugin-fault.js';
import { assertTaskOutputs } from '../tasks/assert-task.js';
import type { OpenedTask } from '../tasks/opened-task.js';
import type { Named } from '../text/named.js';
import { describeNamed } from '../text/named.js';
import type { TrainingData } from '../data/training-data.js';

/** A network of the run, ready for bytes. */
export interface PlannedNetwork {
  readonly model: Named;
  /** Takes bytes. Its name says everything that its outputs depend on besides its weights. */
  readonly network: Network<ClassifierOutputs>;
  /** Names and shapes, without values. */
  readonly initial: Variables<HostTensor>;
  readonly outputs: Tree<readonly number[]>;
  readonly parameters: number;
  readonly flops: number;
}

/** A model as the run uses it: what it gives, and what it costs. Throws `ANC_TASK` where it gives other logits. */
export async function planNetwork(
  model: Named,
  made: Network<ClassifierOutputs>,
  { dataset, normalization }: TrainingData,
  backend: Backend,
  task: OpenedTask,
): Promise<PlannedNetwork> {
  const network = {
    ...normalizedNetwork(made, normalization),
    name: JSON.stringify([made.name, describeNamed(model), dataset.classes.length, normalization]),
  };
  const what = originOf('model', made);
  setOrigin(network, what);
  const { initial, outputs, layers } = await blaming(what, async () => {
    const initial = network.init(Rng.still(), dataset.shape);
    assertVariables(what, initial);
    const outputs = await outputShapes({ backend, network, variables: initial }, dataset.shape);
    return { initial, outputs, layers: network.summary(dataset.shape) };
  });
  assertTaskOutputs(what, outputs, task);
  return {
    model,
    network,
    initial,
    outputs: mapTree(outputs, (shape) => [...shape]),
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    flops: layers.reduce((sum, layer) => sum + layer.flops, 0),
  };
}

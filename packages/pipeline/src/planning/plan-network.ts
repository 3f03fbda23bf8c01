import {
  AncError,
  mapTree,
  Rng,
  sizeOf,
  normalizedNetwork,
  type Backend,
  type ClassifierOutputs,
  type HostTensor,
  type Network,
  type Tree,
  type Variables,
} from '@anc/core';
import {
  assertVariables,
  firstNotFinite,
  originOf,
  outputShapes,
  outputsOf,
  setOrigin,
} from '@anc/core/internal';
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
  /** Whether it may have parts that do not come with ANC: its code runs twice where it is compiled. */
  readonly repeats: boolean;
  readonly parameters: number;
  readonly flops: number;
}

/**
 * A model as the run uses it: what it gives, and what it costs. Throws `ANC_TASK` where it gives other logits.
 *
 * @param own whether it may have parts that do not come with ANC. These are also applied to random weights and pixels, and run twice:
 *   throws `ANC_OBJECTIVE` where what they give is not finite, `ANC_COMPILE_IMPURE` where it changes.
 */
export async function planNetwork(
  model: Named,
  made: Network<ClassifierOutputs>,
  { dataset, normalization }: TrainingData,
  backend: Backend,
  task: OpenedTask,
  own: boolean,
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
    const outputs = await outputShapes({ backend, network, variables: initial, repeats: own }, dataset.shape);
    return { initial, outputs, layers: network.summary(dataset.shape) };
  });
  assertTaskOutputs(what, outputs, task);
  if (own) await blaming(what, () => assertFinite(what, backend, network, dataset.shape));
  return {
    model,
    network,
    initial,
    outputs: mapTree(outputs, (shape) => [...shape]),
    repeats: own,
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    flops: layers.reduce((sum, layer) => sum + layer.flops, 0),
  };
}

/** In inference mode; in training mode a stage's rehearsal looks at it. */
async function assertFinite(
  what: string,
  backend: Backend,
  network: Network<ClassifierOutputs>,
  input: readonly number[],
): Promise<void> {
  const rng = Rng.fromSeed(0).split('rehearsal');
  const pixels = Uint8Array.from({ length: sizeOf(input) }, () => Math.floor(256 * rng.uniform()));
  const variables = network.init(rng, input);
  const outputs = await outputsOf({ backend, network, variables }, { shape: [1, ...input], data: pixels });
  for (const [name, { data }] of Object.entries(outputs)) {
    const at = firstNotFinite(data);
    if (at === -1) continue;
    throw new AncError(
      'ANC_OBJECTIVE',
      `${what} returned an output "${name}" in inference that is not finite.`,
      {
        expected: 'finite numbers for random pixels and its initial weights',
        received: `${data[at]} at ${at}`,
        hint: 'look for a logarithm, a root or a division whose argument can be 0 or negative.',
      },
    );
  }
}

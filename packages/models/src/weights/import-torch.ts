import { AncError, Rng, type Host, type Network, type Variables } from '@anc/core';
import type { ClassifierOutputs } from '@anc/core';
import { resnet } from '../resnet/index.js';
import { readTorchCheckpoint } from './torch/checkpoint.js';
import { fillFromTorch, type NameMap } from './torch/name-map.js';
import { recogniseTorchResnet, resnetNames, type RecognisedModel } from './torch/resnet.js';

/** Known ways of naming a checkpoint's tensors, by what they are called where they come from. */
export const TORCH_NAME_MAPS: Readonly<Record<string, NameMap>> = {
  torchvision: resnetNames('fc'),
  'cifar-resnet': resnetNames('linear'),
};

export interface ImportedNetwork extends Omit<RecognisedModel, 'map'> {
  readonly variables: Variables<Host>;
}

/**
 * A PyTorch checkpoint as a model of ours and its weights; the model is recognised from names and shapes.
 * Throws `ANC_CHECKPOINT` on a file that cannot be read, `ANC_WEIGHTS` on one of an unknown network.
 */
export function importTorch(bytes: Uint8Array): ImportedNetwork {
  const stateDict = readTorchCheckpoint(bytes);
  const { map, ...recognised } = recogniseTorchResnet(stateDict);
  const network = resnet(recognised.options, recognised.environment);
  const template = network.init(Rng.fromSeed(0), recognised.environment.input);
  return { ...recognised, variables: fillFromTorch(template, stateDict, map) };
}

/**
 * The weights of a PyTorch checkpoint for a network that the caller names.
 * Throws `ANC_CHECKPOINT`, `ANC_WEIGHTS`, and `ANC_MODEL_INPUT` where the network cannot take such images.
 */
export function importTorchInto(
  network: Network<ClassifierOutputs>,
  input: readonly number[],
  bytes: Uint8Array,
  map: keyof typeof TORCH_NAME_MAPS,
): Variables<Host> {
  const names = TORCH_NAME_MAPS[map];
  if (names === undefined) {
    throw new AncError('ANC_WEIGHTS', `no name map "${map}".`, {
      expected: `one of ${Object.keys(TORCH_NAME_MAPS).join(', ')}`,
      received: map,
    });
  }
  return fillFromTorch(network.init(Rng.fromSeed(0), input), readTorchCheckpoint(bytes), names);
}

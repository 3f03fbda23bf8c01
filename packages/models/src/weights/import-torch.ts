import {
  inMemory,
  loadVariables,
  type ClassifierOutputs,
  type Host,
  type Network,
  type Variables,
} from '@anc/core';
import { resnet } from '../resnet/index.js';
import { importInto, type TORCH_NAME_MAPS } from './import-into.js';
import { readTorchCheckpoint } from './torch/checkpoint.js';
import { recogniseTorchResnet, type RecognisedModel } from './torch/resnet.js';

export interface ImportedNetwork extends Omit<RecognisedModel, 'map'> {
  readonly variables: Variables<Host>;
}

const torch = (bytes: Uint8Array) =>
  ({
    format: 'torch',
    layout: 'torch',
    tensors: readTorchCheckpoint(inMemory(bytes)),
    metadata: {},
  }) as const;

/**
 * A PyTorch checkpoint as a model of ours and its weights; the model is recognised from names and shapes.
 * Throws `ANC_CHECKPOINT` on a file that cannot be read, `ANC_WEIGHTS` on one of an unknown network.
 */
export function importTorch(bytes: Uint8Array): ImportedNetwork {
  const dict = torch(bytes);
  const { map, ...recognised } = recogniseTorchResnet(dict.tensors);
  const network = resnet(recognised.options, recognised.environment);
  const { variables } = importInto(network, recognised.environment.input, dict, map);
  return { ...recognised, variables: loadVariables(variables) };
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
  return loadVariables(importInto(network, input, torch(bytes), map).variables);
}

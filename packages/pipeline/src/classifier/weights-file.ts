import { basename } from 'node:path';
import {
  AncError,
  isAncError,
  mapTree,
  type ClassifierOutputs,
  type ModelEnvironment,
  type Network,
  type Normalization,
  type Variables,
} from '@anc/core';
import {
  loadTree,
  toLazyTensor,
  type ByteSource,
  type LazyTensor,
  decodeWeightsMetadata,
  isOwn,
  type StateDict,
  type WeightsMetadata,
} from '@anc/formats';
import {
  guessEnvironment,
  IMAGE_SIDES,
  importInto,
  recognizeKeras,
  recognizeTorch,
  type MapChoice,
} from '@anc/models';
import { decodeCompact } from '@anc/methods';
import type { Composition } from '../composition/compose.js';
import { keptNetwork } from '../files/kept-network.js';
import type { Named } from '../text/named.js';
import { ignoredNotices, readStateDictFile } from './state-dict-file.js';
import { otherChannels, otherVariant } from './unfit-weights.js';

/** What a person can say of a weights file; what is unsaid is read from it, or guessed from its shapes. */
export interface WeightsRequest {
  readonly model?: Named;
  readonly map?: MapChoice;
  readonly input?: ModelEnvironment['input'];
  readonly classes?: number;
  /** Which state dict, where the file holds several: the name of a dictionary or prefix. */
  readonly stateDict?: string;
}

/** A network with its weights, and what is known of how it was trained. */
export interface LoadedWeights {
  readonly model: Named;
  /** Takes normalized images. */
  readonly network: Network<ClassifierOutputs>;
  /** Read from the file when they are wanted, as long as it is open. */
  readonly variables: Variables<LazyTensor>;
  readonly environment: ModelEnvironment;
  readonly classNames: readonly string[] | null;
  readonly normalization: Normalization | null;
  /** What the file records about the network. */
  readonly metadata: WeightsMetadata;
  readonly format: string;
  readonly map: string | null;
  /** Whether the model was recognized from names and shapes alone. */
  readonly recognized: boolean;
  /** Sides of other images that the weights fit, of which the model makes another network; where nobody said the size. */
  readonly others: readonly number[];
  /** What a person should know of how the file was read. */
  readonly notices: readonly string[];
}

type Composed = Pick<Composition, 'registries' | 'parts'>;

/**
 * Reads a file of weights as a network of ours. Throws `ANC_CHECKPOINT`, `ANC_SAFETENSORS`, `ANC_WEIGHTS`,
 * `ANC_UNKNOWN` and `ANC_OPTIONS`; `ANC_MODEL_INPUT` where the weights are of other images.
 */
export async function loadWeights(
  path: string,
  source: ByteSource,
  composition: Composed,
  request: WeightsRequest = {},
): Promise<LoadedWeights> {
  const file = await readStateDictFile(path, source, request.stateDict);
  const metadata = decodeWeightsMetadata(file.metadata);
  const dict = metadata.compact === undefined ? file : unpacked(file);
  const recorded = metadata.model === undefined ? null : await recordedModel(path, metadata.model, metadata);
  const recognized =
    request.model === undefined && recorded === null ? recognize(path, dict, request.input) : null;
  const model = request.model ?? recorded ?? recognized!.model;
  const { input: trainedOn, classes: recordedClasses } = metadata;
  const classNames = typeof recordedClasses === 'object' ? recordedClasses : null;
  const input = request.input ?? trainedOn ?? recognized?.environment.input;
  const recordedCount = typeof recordedClasses === 'object' ? recordedClasses.length : recordedClasses;
  const classes = request.classes ?? recordedCount ?? recognized?.environment.classes;
  const made = async (environment: ModelEnvironment) => {
    // Some options follow from the images: they stay what they were when the network was trained.
    const first = trainedOn === undefined ? environment : { ...environment, input: trainedOn };
    return asTrained(await composition.registries.models.create(model, first), metadata, composition);
  };
  const fill = (network: Network<ClassifierOutputs>, shape: ModelEnvironment['input']) => ({
    network,
    ...importInto(network, shape, dict, request.map),
  });
  const fitted = guessEnvironment(
    isOwn(dict.tensors) ? { ...dict, layout: 'tensorflow' } : dict,
    { ...(input === undefined ? {} : { input }), ...(classes === undefined ? {} : { classes }) },
    async (environment) => fill(await made(environment), environment.input),
  );
  const { environment, result } = await fitted.catch((error: unknown) => {
    throw (
      otherImages(error, path, trainedOn, request.input) ??
      otherChannels(path, recognized?.environment.input, request.input) ??
      (recognized === null ? error : otherVariant(error, dict, request.input))
    );
  });
  return {
    ...result,
    model,
    environment,
    others: input === undefined ? await othersThatFit(environment, result.network, made, fill) : [],
    classNames: classNames?.length === environment.classes ? classNames : null,
    normalization: metadata.normalization ?? null,
    metadata,
    format: dict.format,
    recognized: recognized !== null,
    notices: [
      ...(dict.notices ?? []),
      ...(recognized?.notices ?? []),
      ...ignoredNotices(result.ignored, dict),
    ],
  };
}

/** The model that weights record; of one from an ONNX file, with the copy of it that a run keeps. */
async function recordedModel(path: string, name: string, { modelOptions }: WeightsMetadata): Promise<Named> {
  const options = modelOptions ?? {};
  const kept = name === 'onnx' ? await keptNetwork(path) : null;
  return { name, options: kept === null ? options : { ...options, file: kept } };
}

/** Sides of images for which the model is another network of the same shapes: nothing in the file says which was meant. */
async function othersThatFit(
  { input: [side, , channels], classes }: ModelEnvironment,
  chosen: Network<ClassifierOutputs>,
  made: (environment: ModelEnvironment) => Promise<Network<ClassifierOutputs>>,
  fill: (network: Network<ClassifierOutputs>, input: ModelEnvironment['input']) => unknown,
): Promise<readonly number[]> {
  const found: number[] = [];
  for (const other of IMAGE_SIDES.filter((one) => one !== side)) {
    const input = [other, other, channels] as const;
    try {
      const network = await made({ input, classes });
      if (network.name === chosen.name) continue;
      fill(network, input);
      found.push(other);
    } catch (error) {
      if (!isAncError(error)) throw error; // it does not fit
    }
  }
  return found;
}

/** What it comes from that the weights do not fit, where they were trained on images of another shape. */
function otherImages(
  cause: unknown,
  path: string,
  trained: ModelEnvironment['input'] | undefined,
  given: ModelEnvironment['input'] | undefined,
): AncError | null {
  if (trained === undefined || given === undefined || trained.join() === given.join()) return null;
  if (!isAncError(cause) || !['ANC_CHECKPOINT', 'ANC_WEIGHTS', 'ANC_MODEL_INPUT'].includes(cause.code))
    return null;
  return new AncError('ANC_MODEL_INPUT', `${basename(path)} is of a network for images of another shape.`, {
    expected: `images of ${trained.join('×')}, which it was trained on`,
    received: `images of ${given.join('×')}`,
    hint: 'give it such images: `anc-cli list` shows the datasets.',
    cause,
  });
}

/** The weights of a file that holds codes and levels. */
const unpacked = (dict: StateDict): StateDict => ({
  ...dict,
  tensors: mapTree(decodeCompact(loadTree(dict.tensors)), toLazyTensor),
});

function recognize(path: string, dict: StateDict, input: ModelEnvironment['input'] | undefined) {
  if (isOwn(dict.tensors)) throw unnamed(path);
  const found = dict.layout === 'torch' ? recognizeTorch(dict.tensors, input) : recognizeKeras(dict);
  const { model, options, environment } = found;
  const notices = 'notice' in found && found.notice !== undefined ? [found.notice] : [];
  return { model: { name: model, options: { ...options } }, environment, notices };
}

const unnamed = (path: string): AncError =>
  new AncError('ANC_WEIGHTS', `${basename(path)} does not say which model it is of.`, {
    expected: 'a file that a run or `anc-cli import` wrote, or --model',
    hint: 'name the model, e.g. --model resnet20.',
  });

/**
 * The network as its method made it: few-valued weights, for one, are not in the model's name. Of a method that is
 * not here nothing is known, and most methods leave the network as it is.
 */
async function asTrained(
  made: Network<ClassifierOutputs>,
  { method, methodOptions }: WeightsMetadata,
  { registries, parts }: Composed,
): Promise<Network<ClassifierOutputs>> {
  if (method === undefined || methodOptions === undefined || !registries.methods.has(method)) return made;
  const named = { name: method, options: methodOptions };
  return registries.methods.build(method, await registries.methods.check(named), parts).network(made);
}

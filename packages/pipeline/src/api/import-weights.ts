import { basename } from 'node:path';
import { AncError, isAncError, type Normalization } from '@anc/core';
import { safetensorsPieces, encodeWeightsMetadata } from '@anc/formats';
import { imagenetByteNormalizations } from '@anc/datasets/facts';
import { mapNames, parametersAndFlops, withChannelsReversed, type MapChoice } from '@anc/models';
import { commonNormalization, parsePreprocessing } from '../classifier/preprocessing.js';
import { loadWeights, type LoadedWeights } from '../classifier/weights-file.js';
import { finite } from '../files/finite.js';
import {
  assertFree,
  counted,
  openNamedFile,
  readNamedFile,
  sha256Beside,
  writeNew,
} from '../files/named-file.js';
import { asTensors } from '../files/weights.js';
import type { Named } from '../text/named.js';
import { suggestion } from '../text/nearest.js';
import { shownPath } from '../text/shown-path.js';
import { asNamed } from './model-call.js';
import { assertKnown, assertPath, type OptionNames } from './known-options.js';
import { CALL_OPTIONS, callOf, composeWith, type CallOptions } from './call.js';
import type { NameInput } from './values.js';

export interface ImportOptions extends CallOptions {
  /** The safetensors file to write. */
  readonly to: string;
  /** The network, where names and shapes do not tell. */
  readonly model?: NameInput;
  /** Which tensor is which: a known map, a JSON file `{ "ours": "theirs" }`, or such an object. */
  readonly map?: MapChoice;
  /** [H, W, C] of the images that the network sees. */
  readonly input?: readonly [number, number, number];
  /** Which state dict, where the file holds several: the name of a dictionary or prefix. */
  readonly stateDict?: string;
  /** Names of the classes, in order, or their number. */
  readonly classes?: readonly string[] | number;
  /** Pixel values that the network expects; `caffe`: blue first, bytes minus ImageNet's mean. */
  readonly preprocessing?: string;
  /** Called with things that a person should know. */
  readonly onNotice?: (message: string) => void;
}

const IMPORT_OPTIONS: OptionNames<ImportOptions> = {
  ...CALL_OPTIONS,
  to: true,
  model: true,
  map: true,
  input: true,
  stateDict: true,
  classes: true,
  preprocessing: true,
  onNotice: true,
};

/** The JSON document of `import`. */
export interface ImportResult {
  /** The network and its options. */
  readonly model: Named;
  /** Whether the network was recognized from the file. */
  readonly recognized: boolean;
  /** Deprecated name of `recognized`. */
  readonly recognised: boolean;
  /** Name of the file's format. */
  readonly format: string;
  /** Name of the map from the file's names to ours; null where it has ours. */
  readonly map: string | null;
  /** [H, W, C] of the images that it takes. */
  readonly input: readonly number[];
  /** Names of the classes, or their number. */
  readonly classes: readonly string[] | number;
  /** How bytes become its input; null where it is not known. */
  readonly normalization: Normalization | null;
  /** Number of trainable parameters. */
  readonly parameters: number;
  /** 2 × multiply-adds + bias additions, for one image. */
  readonly flops: number;
  /** Path of the written file. */
  readonly out: string;
  /** SHA-256 of the written file. */
  readonly sha256: string;
}

/** Of bytes, red first. The network takes blue first: the channels of its first kernel are reversed. */
const CAFFE = `${imagenetByteNormalizations.caffe.mean.join()}/${imagenetByteNormalizations.caffe.std.join()}`;

/**
 * Writes another program's weights as a safetensors file: PyTorch, Keras, TensorFlow.js or safetensors with other names.
 * Throws `ANC_WEIGHTS`, `ANC_CHECKPOINT`, `ANC_FILE_EXISTS` and the like.
 */
export async function importWeights(file: string, options: ImportOptions): Promise<ImportResult> {
  assertPath(file, 'file');
  assertKnown(options, IMPORT_OPTIONS);
  const { to, classes, onNotice = () => undefined } = options;
  const { cwd } = callOf(options);
  assertSafetensors(to);
  const target = await assertFree(to, cwd);
  const { path, source, close } = openNamedFile(file, cwd);
  try {
    const sourceHash = sha256Beside(path);
    const composition = await composeWith(options.plugins ?? [], null, cwd, {
      discover: options.discoverPlugins,
    })([]);
    const count = typeof classes === 'number' ? classes : classes?.length;
    const loaded = await loadWeights(path, source, composition, {
      ...(options.model === undefined ? {} : { model: asNamed(options.model, ['model']) }),
      ...(options.map === undefined ? {} : { map: await mapOf(options.map, cwd) }),
      ...(options.input === undefined ? {} : { input: options.input }),
      ...(count === undefined ? {} : { classes: count }),
      ...(options.stateDict === undefined ? {} : { stateDict: options.stateDict }),
    });
    assertAsTrained(loaded);
    const names =
      typeof classes === 'object' && classes.length === loaded.environment.classes
        ? classes
        : loaded.classNames;
    const caffe = options.preprocessing?.trim().toLowerCase() === 'caffe';
    const normalization = normalizationOf(loaded, caffe ? CAFFE : options.preprocessing, onNotice);
    const variables = caffe ? withChannelsReversed(loaded.variables) : loaded.variables;
    const metadata = encodeWeightsMetadata({
      model: loaded.model.name,
      modelOptions: loaded.model.options,
      input: loaded.environment.input,
      classes: names ?? loaded.environment.classes,
      normalization: normalization ?? undefined,
      method: loaded.metadata.method,
      methodOptions: loaded.metadata.methodOptions,
      source: basename(path),
      sourceSha256: await sourceHash,
    });
    const pieces = safetensorsPieces(finite(asTensors(variables)), metadata);
    let hash = '';
    await writeNew(
      target,
      counted(pieces, ({ sha256 }) => (hash = sha256)),
    );
    const { network, environment, map } = loaded;
    notify(loaded, options, onNotice);
    return {
      model: loaded.model,
      recognized: loaded.recognized,
      recognised: loaded.recognized,
      format: loaded.format,
      map,
      input: environment.input,
      classes: names ?? environment.classes,
      normalization,
      ...parametersAndFlops(network, environment.input),
      out: shownPath(target, cwd),
      sha256: hash,
    };
  } finally {
    close();
  }
}

function notify(
  { others, model, map, notices }: LoadedWeights,
  options: ImportOptions,
  notice: (message: string) => void,
): void {
  for (const each of notices) notice(each);
  if (others.length > 0) {
    const sizes = others.map((side) => `${side}×${side}`).join(', ');
    notice(
      `the weights fit images of ${sizes} as well, for which ${model.name} is another network: set the size with --input.`,
    );
  }
  if (map === 'order' && options.map === undefined) {
    notice(
      'the names are unknown, so variables of one kind and shape were paired in their order: check with `anc-cli eval`.',
    );
  }
}

function normalizationOf(
  loaded: LoadedWeights,
  preprocessing: string | undefined,
  notice: (text: string) => void,
): Normalization | null {
  if (preprocessing !== undefined) return parsePreprocessing(preprocessing, loaded.environment.input[2]);
  if (loaded.normalization !== null) return loaded.normalization;
  const common = commonNormalization(loaded);
  if (common !== null) {
    notice(`${common.why} It is recorded in the file.`);
    return common.normalization;
  }
  notice(
    'the normalization of its images is unknown: set it with --preprocessing, here or where the weights are used.',
  );
  return null;
}

/** A network may depend on the images that it was made for: the file's record of them takes precedence. */
function assertAsTrained({ metadata, environment: { input } }: LoadedWeights): void {
  if (metadata.input === undefined || metadata.input.join() === input.join()) return;
  throw new AncError('ANC_USAGE', '--input: the file records the images that its network was made for.', {
    expected: JSON.stringify(metadata.input),
    received: JSON.stringify(input),
    hint: 'leave it out.',
  });
}

/** The output is safetensors, whatever the input is. */
function assertSafetensors(to: string): void {
  if (to.endsWith('.safetensors')) return;
  throw new AncError('ANC_USAGE', '--out: the name is of another format.', {
    expected: 'a name that ends in .safetensors',
    received: to,
    hint: 'for other formats export what was imported: anc-cli export weights.safetensors --format onnx.',
  });
}

async function mapOf(map: MapChoice, cwd: string): Promise<MapChoice> {
  if (typeof map !== 'string') return map;
  if (!map.endsWith('.json')) return knownMap(map);
  const { bytes } = await readNamedFile(map, cwd);
  try {
    const read: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (
      typeof read === 'object' &&
      read !== null &&
      !Array.isArray(read) &&
      Object.values(read).every((name) => typeof name === 'string')
    ) {
      return read as Record<string, string>;
    }
  } catch (cause) {
    if (isAncError(cause)) throw cause;
  }
  throw new AncError('ANC_WEIGHTS', `--map: ${map} is not a map of names.`, {
    expected: 'JSON: { "conv1/weights": "features.0.weight", … }',
  });
}

function knownMap(name: string): string {
  if (mapNames.includes(name)) return name;
  const hint = suggestion(name, mapNames);
  throw new AncError('ANC_WEIGHTS', `--map: there is no map named "${name}".`, {
    expected: `one of ${mapNames.join(', ')}, or a file that ends in .json`,
    received: name,
    ...(hint === null ? {} : { hint }),
  });
}

import * as tf from '@tensorflow/tfjs-core';
import {
  Rng,
  type AncError,
  type ClassifierOutputs,
  type HostTensor,
  type Network,
  type Tree,
  type Variables,
} from '@anc/core';
import { inMask } from '@anc/core/internal';
import { loadVariables, type StateDict } from '@anc/formats';
import { matchInto } from '@anc/models';
import { basename } from 'node:path';
import { isOnnx } from '../classifier/open-classifier.js';
import { readStateDictFile } from '../classifier/state-dict-file.js';
import { openNamedFile } from '../files/named-file.js';
import { aboutOption, optionError } from '../options/option-error.js';
import type { RunOptions } from '../options/run-options.js';
import { networkNotices } from './onnx-student.js';
import { onnxWeights } from './onnx-weights.js';

type Classifier = Network<ClassifierOutputs>;

/** The same network with other functions in some places; what else it has is kept. */
const withFunctions = (network: Classifier, changed: Partial<Classifier>): Classifier => ({
  ...network,
  name: network.name,
  init: (rng, input) => network.init(rng, input),
  apply: (variables, x, context) => network.apply(variables, x, context),
  summary: (input) => network.summary(input),
  ...changed,
});

/**
 * A network that starts from the weights of a file, as far as names and shapes agree; what is new is drawn by seed.
 *
 * @throws what reading the file throws; `ANC_CONFIG` where nothing agrees
 */
async function startedFrom(
  network: Classifier,
  input: readonly [number, number, number],
  file: string,
  notice: (text: string) => void,
): Promise<Classifier> {
  const found = await (isOnnx(file) ? matchOnnx : matchFile)(network, input, file);
  const { map, params, stats, otherShape, missing, unused } = found;
  const count = Object.keys(params).length + Object.keys(stats).length;
  const all = count + otherShape.length + missing.length;
  notice(
    [
      `the student starts from ${count} of its ${all} variables in ${basename(file)}${map === null ? '' : ` (names: ${map})`}`,
      otherShape.length === 0 ? null : `of another shape, and new: ${some(otherShape)}`,
      missing.length === 0 ? null : `not in the file, and new: ${some(missing)}`,
      unused.length === 0 ? null : `in the file, and not used: ${some(unused)}`,
    ]
      .filter((part) => part !== null)
      .join('; ') + '.',
  );
  return withFunctions(network, {
    init: (rng, shape) => {
      const fresh = network.init(rng, shape);
      return { params: { ...fresh.params, ...params }, stats: { ...fresh.stats, ...stats } };
    },
  });
}

type Input = readonly [number, number, number];

/** The variables of a network that a file has, as numbers. */
interface FoundWeights extends Variables<HostTensor> {
  readonly map: string | null;
  readonly otherShape: readonly string[];
  readonly missing: readonly string[];
  readonly unused: readonly string[];
}

function matched(network: Classifier, input: Input, dict: StateDict): FoundWeights {
  const { variables, ...rest } = matchInto(network, input, dict);
  return { ...rest, ...loadVariables(variables) };
}

/** Throws `ANC_CONFIG` where the file has no weights of the network. */
async function matchFile(network: Classifier, input: Input, file: string): Promise<FoundWeights> {
  const opened = openNamedFile(file, process.cwd());
  try {
    const dict = await readStateDictFile(opened.path, opened.source, undefined);
    const found = matched(network, input, dict);
    if (Object.keys(found.params).length > 0) return found;
    const hint = 'name the network that the file is of: --student.';
    throw noWeights(network, input, file, Object.keys(dict.tensors), hint);
  } finally {
    opened.close();
  }
}

/** Parameters of a last layer: exports that fold batch norm into convolutions keep its names alone. */
const LAST_LAYER = 2;

/**
 * Of the matches with the names of one file that with most parameters; null where no parameter is found, and where a file
 * with folded layers has no more than the last layer of a larger network.
 */
export function largestMatch<T extends Pick<FoundWeights, 'params' | 'missing'>>(
  matches: readonly T[],
  folded: boolean,
): T | null {
  const countOf = ({ params }: T): number => Object.keys(params).length;
  const largest = matches.reduce((best, next) => (countOf(next) > countOf(best) ? next : best));
  const isHeadAlone = folded && countOf(largest) <= LAST_LAYER && largest.missing.length > 0;
  return countOf(largest) === 0 || isHeadAlone ? null : largest;
}

/** The same of an ONNX file, by PyTorch's names or by those of the file's network: those that fit better. */
async function matchOnnx(network: Classifier, input: Input, file: string): Promise<FoundWeights> {
  const { torch, own, folded } = await onnxWeights(file, input);
  const dicts = own === null ? [torch] : [torch, own];
  const found = largestMatch(
    dicts.map((dict) => matched(network, input, dict)),
    folded,
  );
  if (found !== null) return found;
  const why = folded
    ? 'its export folded batch norm into convolutions, which leaves no weights of layers; '
    : '';
  const hint = `${why}--student ${basename(file)} starts from its weights with its own network, and weights of ${network.name} are read from the file that it was exported from.`;
  throw noWeights(network, input, file, Object.keys((own ?? torch).tensors), hint);
}

function noWeights(
  network: Classifier,
  input: Input,
  file: string,
  names: readonly string[],
  hint: string,
): AncError {
  const wanted = Object.keys(network.init(Rng.still(), input).params).slice(0, 3);
  return optionError(['student', 'weights'], `${basename(file)} has no weights of ${network.name}.`, {
    expected: `tensors such as ${wanted.join(', ')}`,
    received: names.length === 0 ? 'none' : names.slice(0, 3).join(', '),
    hint,
  });
}

const MOST_NAMED = 6;
const some = (names: readonly string[]): string =>
  `${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''}`;

/** Passes x on; its gradient is zero. */
const constant = (x: tf.Tensor): tf.Tensor =>
  tf.customGrad((given) => ({
    value: tf.clone(given as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }))(x);

/**
 * A network of which some parameters and running averages keep their values: their gradients are zero. Weight decay has to
 * leave them out, too: see `withoutFrozenDecay`.
 *
 * @param freeze names, as in `inMask`
 * @throws `ANC_CONFIG` where no parameter has such a name, or all have
 */
function partlyFrozen(
  network: Classifier,
  input: readonly [number, number, number],
  freeze: string,
  notice: (text: string) => void,
): StartedStudent {
  const names = Object.keys(network.init(Rng.still(), input).params);
  const frozen = names.filter((name) => inMask(freeze, name));
  if (frozen.length === 0 || frozen.length === names.length) {
    const which = frozen.length === 0 ? 'no parameter' : 'every parameter';
    throw optionError(['student', 'freeze'], `${which} of ${network.name} has such a name.`, {
      expected: `patterns of names such as ${names.slice(0, 4).join(', ')}`,
      received: freeze,
      hint: '`anc-cli describe model` lists the layers; * stands for any letters: "conv1/*,layer1/*".',
    });
  }
  notice(`${frozen.length} of the student's ${names.length} parameters are frozen: ${some(frozen)}.`);
  const held = (tree: Tree, replace: (name: string, value: tf.Tensor) => tf.Tensor): Tree =>
    Object.fromEntries(
      Object.entries(tree).map(([name, value]) => [
        name,
        inMask(freeze, name) ? replace(name, value) : value,
      ]),
    );
  const partly = withFunctions(network, {
    name: `frozen(${network.name}, ${JSON.stringify(freeze)})`,
    apply: ({ params, stats }, x, context) => {
      const own: Variables = { params: held(params, (_, value) => constant(value)), stats };
      const applied = network.apply(own, x, context);
      return { ...applied, stats: held(applied.stats, (name) => stats[name]!) };
    },
  });
  return { network: partly, frozen };
}

/** A student as its training starts. */
export interface StartedStudent {
  readonly network: Classifier;
  /** Names of its parameters that keep their values. */
  readonly frozen: readonly string[];
}

/** The student as its training starts: from the weights of a file, and with parameters that keep their values. */
export async function startOf(
  made: Classifier,
  { weights, freeze }: RunOptions['student'],
  input: readonly [number, number, number],
  notice: (text: string) => void,
): Promise<StartedStudent> {
  networkNotices(made).forEach(notice);
  const about = <T>(key: 'weights' | 'freeze', work: () => T | Promise<T>): Promise<T> =>
    aboutOption(['student', key], work);
  const network =
    weights === undefined ? made : await about('weights', () => startedFrom(made, input, weights, notice));
  return freeze === undefined
    ? { network, frozen: [] }
    : await about('freeze', () => partlyFrozen(network, input, freeze, notice));
}

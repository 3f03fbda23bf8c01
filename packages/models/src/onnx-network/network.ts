import {
  AncError,
  isAncError,
  mapTree,
  sizeOf,
  Student,
  type Applied,
  type ClassifierOutputs,
  type Context,
  type FixedNormalization,
  type HostTensor,
  type LayerSummary,
  type Rng,
  type Tree,
  type Variables,
} from '@anc/core';
import { inference } from '@anc/core/internal';
import type { OnnxGraph } from '@anc/formats';
import type { Tensor } from '@tensorflow/tfjs-core';
import { constant } from '../graph-model/node.js';
import { record } from '../graph-model/recorder.js';
import { assertSupported, evaluate, type CountedNode } from './evaluate.js';
import { headOf, withClasses } from './head.js';
import { freshValue } from './initial.js';
import { withBatchNorms } from './insert-batch-norm.js';
import { variablesOf, type Variable } from './parameters.js';
import { reachable } from './reachable.js';
import { CHANNELS_LAST, dimsOf, laid, natural, reshaped, type Value } from './values/value.js';

/** What a network is made of a graph with. */
export interface OnnxNetworkOptions {
  /** Name of the network: says everything that its outputs depend on besides its weights. */
  readonly name: string;
  /** Name of the value with the logits: one row per image. */
  readonly logits: string;
  /** Name of the value with the features; where left out or null, the input of the last layer, else the logits. */
  readonly features?: string | null;
  /** Layout of the graph's input; default: nchw. */
  readonly layout?: 'nchw' | 'nhwc';
  /** `file`: starts from the weights of the file; `fresh`: from new ones, with the batch norm that an export folded. */
  readonly init?: 'file' | 'fresh';
  /** Number of classes; where it is not that of the file, the last layer is replaced by a new one. */
  readonly classes?: number;
  /** How its images are normalized, of pixels 0..255; where left out, by what the training data have. */
  readonly normalization?: FixedNormalization;
}

/**
 * A classifier from an ONNX graph as a trainable network: x [B, H, W, C], normalized as the graph expects, -> logits
 * [B, classes] and features [B, d]. It consists of tfjs's operations, so it is differentiable on every backend, and its
 * images are [N, H, W, C] inside, whatever the graph's layout. Its variables have the names of the file, with kernels as
 * our layers store them. Batch normalization and dropout follow the context's mode.
 *
 * @throws `ANC_ONNX_OPERATOR` for an operator that cannot be trained, with its node; `ANC_MODEL` where the last layer
 *   would have to be replaced and is none
 */
export function networkFromOnnx(graph: OnnxGraph, options: OnnxNetworkOptions): OnnxNetwork {
  return new OnnxNetwork(graph, options);
}

/** What `networkFromOnnx` returns: a network with what is known of its file. */
export class OnnxNetwork extends Student {
  readonly name: string;
  readonly classes: number;
  /** Batch normalizations that were put where the export had folded them. */
  readonly insertedNorms: number;
  /** How its images are normalized; absent where the training data decide. */
  readonly normalization?: FixedNormalization;
  /** Names of the variables of a new last layer; empty where the file's is kept. */
  readonly replaced: readonly string[];
  readonly #graph: OnnxGraph;
  readonly #variables: readonly Variable[];
  readonly #head: readonly Variable[];
  readonly #options: OnnxNetworkOptions;
  readonly #features: string | null;
  readonly #summaries = new Map<string, readonly LayerSummary[]>();

  constructor(given: OnnxGraph, options: OnnxNetworkOptions) {
    super();
    const { logits, features = null, init = 'file' } = options;
    const used = reachable(given, features === null ? [logits] : [logits, features]);
    assertSupported(used);
    const { graph, inserted } = init === 'fresh' ? withBatchNorms(used) : { graph: used, inserted: 0 };
    const variables = variablesOf(graph);
    const head = headOf(graph, variables, logits);
    const width = head.find(({ role }) => role === 'kernel')?.value.shape.at(-1);
    const isReplaced = options.classes !== undefined && options.classes !== width && width !== undefined;
    this.name = options.name;
    this.insertedNorms = inserted;
    if (options.normalization !== undefined) this.normalization = options.normalization;
    this.#graph = graph;
    this.#options = options;
    this.#variables = isReplaced ? withClasses(graph.shown, variables, head, options.classes) : variables;
    this.#head = this.#variables.filter(({ key }) => head.some((variable) => variable.key === key));
    this.replaced = isReplaced ? head.map(({ key }) => key) : [];
    this.#features = features ?? featuresBefore(graph, head);
    this.classes = options.classes ?? width ?? 0;
  }

  /** Where the file's numbers of each variable are: the constant's name, and which of its axes each axis is. */
  get sources(): Tree<{ readonly constant: string; readonly axes: readonly number[] }> {
    return Object.fromEntries(
      this.#variables.map(({ key, constant, order }) => [key, { constant, axes: order }]),
    );
  }

  /** What a person should know of how the file was read. */
  get notices(): readonly string[] {
    const { shown } = this.#graph;
    return [
      this.replaced.length === 0
        ? null
        : `${shown}: its last layer is replaced by a new one for ${this.classes} classes (${this.replaced.join(', ')}).`,
      this.insertedNorms === 0
        ? null
        : `${shown}: batch norm is put back after ${this.insertedNorms} convolutions, into which the export had folded it.`,
    ].filter((notice) => notice !== null);
  }

  override init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    this.summary(input);
    const { init = 'file' } = this.#options;
    const values = (kind: Variable['kind']): Tree<HostTensor> =>
      Object.fromEntries(
        this.#variables
          .filter((variable) => variable.kind === kind)
          .map((variable) => {
            const isFresh = init === 'fresh' || this.replaced.includes(variable.key);
            const isHead = this.#head.includes(variable);
            return [variable.key, isFresh ? freshValue(variable, rng, isHead) : copyOf(variable.value)];
          }),
      );
    return { params: values('params'), stats: values('stats') };
  }

  override apply({ params, stats }: Variables, x: Tensor, context: Context): Applied<ClassifierOutputs> {
    const tensor = ({ key, kind }: Variable): Tensor => (kind === 'params' ? params : stats)[key]!;
    return this.#apply(tensor, x, context);
  }

  override summary(input: readonly number[]): readonly LayerSummary[] {
    const key = input.join('×');
    const known = this.#summaries.get(key);
    if (known !== undefined) return known;
    const rows: LayerSummary[] = [];
    const variables = Object.fromEntries(this.#variables.map((one) => [one.key, one.value]));
    const placeholders = mapTree(variables, ({ shape, data }) =>
      constant(data as Float32Array, shape, 'float32'),
    );
    const image = constant(new Float32Array(0), [1, ...input], 'float32');
    try {
      const { logits } = record({ ...placeholders, '': image }, (tensors) => {
        const applied = this.#apply(
          ({ key: name }) => tensors[name]!,
          tensors['']!,
          inference,
          (node) => rows.push(...this.#row(node)),
        );
        return { logits: applied.outputs.logits };
      });
      if (this.classes !== 0 && logits.shape.at(-1) !== this.classes)
        throw inputError(this.name, input, `its logits are [${logits.shape.slice(1).join(', ')}]`);
    } catch (error) {
      const exported = exportedShape(this.#graph, this.#options.layout ?? 'nchw');
      if (isAncError(error) && error.code === 'ANC_ONNX_OPERATOR' && isOther(exported, input))
        throw inputError(this.name, input, `${describe(exported)}; ${error.message}`);
      throw error;
    }
    this.#summaries.set(key, rows);
    return rows;
  }

  #row({ node, output, flops }: CountedNode): LayerSummary[] {
    const own = this.#variables.filter((variable) => variable.node === node && variable.kind === 'params');
    const parameters = own.reduce((sum, { value }) => sum + sizeOf(value.shape), 0);
    if (parameters === 0 && flops === 0) return [];
    const name = own[0]?.key.replace(/\/(weights|bias|gamma|beta)$/, '') ?? (node.name || node.outputs[0]!);
    return [{ name, output: output.slice(1), parameters, flops }];
  }

  #apply(
    tensor: (variable: Variable) => Tensor,
    x: Tensor,
    context: Context,
    counted?: (node: CountedNode) => void,
  ): Applied<ClassifierOutputs> {
    const { logits, layout = 'nchw' } = this.#options;
    const tapped: { features?: Tensor } = {};
    const taps = new Map<string, (value: Value) => Value>();
    if (this.#features !== null) {
      taps.set(this.#features, (value) => {
        const seen = context.activation('features', rows(value));
        tapped.features = seen;
        return laid(reshaped(seen, dimsOf(value)));
      });
    }
    const { values, averages } = evaluate(
      {
        graph: this.#graph,
        variables: this.#variables,
        tensor,
        context,
        taps,
        ...(counted === undefined ? {} : { counted }),
      },
      laid(x, layout === 'nchw' ? CHANNELS_LAST : [0, 1, 2, 3]),
      [logits],
    );
    const answer = rows(values[0]!);
    return { outputs: { logits: answer, features: tapped.features ?? answer }, stats: averages };
  }
}

/** [H, W, C] of the images that a file was exported for; null for open sizes. */
function exportedShape({ input: { dims } }: OnnxGraph, layout: 'nchw' | 'nhwc'): readonly (number | null)[] {
  const [, a = null, b = null, c = null] = dims;
  return layout === 'nchw' ? [b, c, a] : [a, b, c];
}

const isOther = (exported: readonly (number | null)[], input: readonly number[]): boolean =>
  exported.some((size, axis) => size !== null && size !== input[axis]);

const describe = (exported: readonly (number | null)[]): string =>
  `it was exported for ${exported.map((size) => size ?? 'any').join('×')}`;

/** A value as one row of numbers per image. */
function rows(value: Value): Tensor {
  const dims = dimsOf(value);
  return reshaped(natural(value), [dims[0]!, sizeOf(dims.slice(1))]);
}

const copyOf = ({ shape, data }: HostTensor): HostTensor => ({ shape: [...shape], data: data.slice() });

/** What the last layer reads, unless it is a constant. */
const featuresBefore = ({ constants }: OnnxGraph, head: readonly Variable[]): string | null => {
  const node = head.find(({ role }) => role === 'kernel')?.node;
  return node?.inputs.find((name) => name !== '' && !constants.has(name)) ?? null;
};

const inputError = (name: string, input: readonly number[], why: string): AncError =>
  new AncError('ANC_MODEL_INPUT', `${name}: cannot take images of ${input.join('×')}.`, {
    expected: 'images of the size that the file was exported for',
    received: input.join('×'),
    hint: why,
  });

import { Constants, dropUnread, numberOf } from './constants.js';
import {
  decodeModel,
  ELEMENT,
  encodeModel,
  graphOf,
  makeNode,
  makeTensor,
  makeValue,
  onnxError,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from './proto.js';

/** Smallest and largest value of a tensor. */
export type Range = readonly [least: number, most: number];

const PRODUCTS = new Set(['Conv', 'Gemm', 'MatMul']);

/** The output axis of a product's weights; null if it has no constant weights. */
function outputAxis(node: NodeProto, dims: readonly number[] | undefined): number | null {
  if (!PRODUCTS.has(node.opType ?? '') || dims === undefined) return null;
  if (node.opType === 'Conv') return 0;
  if (dims.length !== 2) return null;
  return node.opType === 'Gemm' && numberOf(node, 'transB', 0) === 1 ? 0 : 1;
}

/** Tensors to quantize: the inputs of products and of residual sums. {@link quantizeModel} needs their ranges. */
export function quantizedTensors(bytes: Uint8Array): string[] {
  const model = decodeModel(bytes, 'the model');
  const constants = new Constants(model);
  const names = graphOf(model).node.flatMap((node) => {
    const [first = '', second = ''] = node.input ?? [];
    if (outputAxis(node, constants.floats(second)?.dims) !== null) return [first];
    const sum = node.opType === 'Add' && !constants.floats(first) && !constants.floats(second);
    return sum ? [first, second] : [];
  });
  return [...new Set(names)];
}

/**
 * A model whose products compute with 8 bits (static post-training quantization, in QuantizeLinear/DequantizeLinear
 * pairs that runtimes fuse): weights int8, symmetric, with a scale per output channel; activations uint8 over the range
 * measured by calibration; biases int32.
 *
 * @throws `ANC_ONNX` if a range is missing
 */
export function quantizeModel(bytes: Uint8Array, ranges: ReadonlyMap<string, Range>): Uint8Array {
  const model = decodeModel(bytes, 'the model');
  const graph = graphOf(model);
  const constants = new Constants(model);
  const writer = new Writer(constants, ranges);
  const nodes: NodeProto[] = [];
  for (const name of graph.input.map((input) => input.name ?? '')) nodes.push(...writer.pairFor(name));
  for (const node of graph.node) {
    writer.rewrite(node);
    nodes.push(...writer.before.splice(0), node);
    for (const output of node.output ?? []) nodes.push(...writer.pairFor(output));
  }
  graph.node = nodes;
  graph.initializer.push(...writer.tensors);
  dropUnread(model);
  return encodeModel(model);
}

class Writer {
  readonly tensors: TensorProto[] = [];
  /** Nodes to insert before the one being rewritten. */
  readonly before: NodeProto[] = [];
  readonly #scales = new Map<string, number>();

  constructor(
    readonly constants: Constants,
    readonly ranges: ReadonlyMap<string, Range>,
  ) {}

  /** The pair that rounds a tensor to 8 bits and back; empty for tensors that are not quantized. */
  pairFor(name: string): NodeProto[] {
    const range = this.ranges.get(name);
    if (range === undefined) return [];
    const [least, most] = [Math.min(0, range[0]), Math.max(0, range[1])]; // zero, the padding, is exact
    const scale = Math.max(most - least, 1e-8) / 255;
    this.#scales.set(name, scale);
    const zero = Math.max(0, Math.min(255, Math.round(-least / scale)));
    const [step, middle] = [`${name}:scale`, `${name}:zero`];
    this.tensors.push(
      makeTensor(step, Float32Array.of(scale), []),
      makeTensor(middle, Uint8Array.of(zero), []),
    );
    return [
      makeNode('QuantizeLinear', [name, step, middle], `${name}:8bit`),
      makeNode('DequantizeLinear', [`${name}:8bit`, step, middle], `${name}:rounded`),
    ];
  }

  rewrite(node: NodeProto): void {
    const input = node.input ?? [];
    const weights = this.constants.floats(input[1]);
    const axis = outputAxis(node, weights?.dims);
    if (axis !== null && weights !== null) {
      const scale = this.#scales.get(input[0]!);
      if (scale === undefined) throw onnxError(`the range of "${input[0]!}" was not measured.`);
      const perChannel = this.#weights(input[1]!, weights, axis, node.output![0]!);
      const bias = node.opType === 'MatMul' ? null : this.constants.floats(input[2]);
      if (bias !== null) node.input![2] = this.#bias(bias.data, perChannel.scales, scale, node.output![0]!);
      node.input![1] = perChannel.name;
    }
    node.input =
      node.input?.map((name) =>
        this.#scales.has(name) && (axis !== null || node.opType === 'Add') ? `${name}:rounded` : name,
      ) ?? [];
  }

  #weights(
    from: string,
    { data, dims }: { readonly data: Float32Array; readonly dims: readonly number[] },
    axis: number,
    of: string,
  ): { name: string; scales: Float32Array } {
    const channels = dims[axis]!;
    const channelOf =
      axis === 0 ? (i: number) => Math.floor(i / (data.length / channels)) : (i: number) => i % channels;
    const scales = new Float32Array(channels);
    data.forEach((w, i) => (scales[channelOf(i)] = Math.max(scales[channelOf(i)]!, Math.abs(w))));
    scales.forEach((most, c) => (scales[c] = Math.max(most, 1e-8) / 127));
    const codes = Int8Array.from(data, (w, i) =>
      Math.max(-127, Math.min(127, Math.round(w / scales[channelOf(i)]!))),
    );
    const name = `${of}:${from}`;
    this.tensors.push(
      makeTensor(`${name}:8bit`, codes, dims),
      makeTensor(`${name}:scales`, scales),
      makeTensor(`${name}:zeros`, new Int8Array(channels)),
    );
    this.before.push(
      makeNode('DequantizeLinear', [`${name}:8bit`, `${name}:scales`, `${name}:zeros`], name, { axis }),
    );
    return { name, scales };
  }

  #bias(data: Float32Array, scales: Float32Array, input: number, of: string): string {
    const own = scales.map((scale) => scale * input);
    const limit = 2 ** 31 - 1;
    const codes = Int32Array.from(data, (b, c) => Math.max(-limit, Math.min(limit, Math.round(b / own[c]!))));
    const name = `${of}:bias-rounded`;
    this.tensors.push(makeTensor(`${name}:32bit`, codes), makeTensor(`${name}:scales`, own));
    this.before.push(makeNode('DequantizeLinear', [`${name}:32bit`, `${name}:scales`], name, { axis: 0 }));
    return name;
  }
}

/** Adds tensors to a model's outputs, so that calibration can measure them. */
export function withOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const model: ModelProto = decodeModel(bytes, 'the model');
  const graph = graphOf(model);
  const there = new Set([...graph.output, ...graph.input].map(({ name }) => name));
  graph.output.push(
    ...names.filter((name) => !there.has(name)).map((name) => makeValue(name, ELEMENT.float32)),
  );
  return encodeModel(model);
}

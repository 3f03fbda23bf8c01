import { graphOf, type ModelProto, type NodeProto } from './proto.js';

/** Operators that change only the type, shape or name of their first input. */
const PASSING: ReadonlySet<string> = new Set([
  'Identity',
  'Cast',
  'Dropout',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
]);
const QUANTIZING = new Set(['QuantizeLinear', 'DequantizeLinear']);
/** Operators that are linear if their other input is a constant. */
const SCALING = new Set(['Add', 'Sub', 'Mul', 'Div']);
const PRODUCTS = new Set(['Gemm', 'MatMul', 'Conv']);

/** A graph's values by name. */
export class GraphValues {
  readonly #makers = new Map<string, NodeProto>();
  readonly #constants = new Set<string>();
  readonly #dims = new Map<string, readonly number[]>();

  constructor(model: ModelProto) {
    const graph = graphOf(model);
    for (const { name, dims } of graph.initializer) {
      this.#constants.add(name ?? '');
      this.#dims.set(name ?? '', (dims ?? []).map(Number));
    }
    // Nodes come after those whose outputs they read.
    for (const node of graph.node) {
      const isConstant = inputsOf(node).every((name) => name === '' || this.#constants.has(name));
      for (const output of node.output ?? []) {
        this.#makers.set(output, node);
        if (isConstant) this.#constants.add(output);
      }
    }
  }

  makerOf(name: string): NodeProto | undefined {
    return this.#makers.get(name);
  }

  has(name: string): boolean {
    return this.#makers.has(name);
  }

  /** Whether a value is a constant, or computed from constants alone (a dequantized or transposed weight). */
  isConstant(name: string): boolean {
    return this.#constants.has(name);
  }

  sizesOf(name: string): readonly number[] | undefined {
    const maker = this.#makers.get(name);
    const source = maker !== undefined && this.isConstant(name) ? maker.input?.[0] : undefined;
    return this.#dims.get(name) ?? (source === undefined ? undefined : this.sizesOf(source));
  }

  /** The nodes that a value is computed by, those of its inputs included. */
  nodesBehind(name: string): ReadonlySet<NodeProto> {
    const found = new Set<NodeProto>();
    const waiting = [name];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const maker = this.#makers.get(next);
      if (maker === undefined || found.has(maker)) continue;
      found.add(maker);
      waiting.push(...inputsOf(maker));
    }
    return found;
  }

  /** Whether a node multiplies with weights. */
  isProduct({ opType, input }: NodeProto): boolean {
    return PRODUCTS.has(opType ?? '') && this.isConstant(input?.[1] ?? '');
  }
}

/** What a node reads, its subgraphs included. */
export const inputsOf = (node: NodeProto): readonly string[] => [
  ...(node.input ?? []),
  ...subgraphsOf(node).flatMap(({ node: inner, output }) => [
    ...(inner ?? []).flatMap((one) => inputsOf(one)),
    ...(output ?? []).map(({ name }) => name ?? ''),
  ]),
];

/** The bodies of a control flow node. */
export const subgraphsOf = ({ attribute }: NodeProto) =>
  (attribute ?? []).flatMap(({ g, graphs }) => [...(g ? [g] : []), ...(graphs ?? [])]);

/** What an activation at the end of a classifier makes of its logits. */
export type EndActivation = 'Softmax' | 'LogSoftmax' | 'Sigmoid';
const ENDINGS: ReadonlySet<string> = new Set<EndActivation>(['Softmax', 'LogSoftmax', 'Sigmoid']);

/** The tensor before the activation at the end, if there is one; else the output itself. */
export function beforeActivation(
  values: GraphValues,
  output: string,
): { readonly name: string; readonly activation: EndActivation | null } {
  const seen = new Set<string>();
  for (let name = output; ;) {
    const maker = values.makerOf(name);
    if (maker !== undefined && ENDINGS.has(maker.opType ?? ''))
      return { name: maker.input![0]!, activation: maker.opType as EndActivation };
    if (maker === undefined || !PASSING.has(maker.opType ?? '') || seen.has(name))
      return { name: output, activation: null };
    seen.add(name);
    name = maker.input![0]!;
  }
}

/** The operator that computes a tensor, but for those that change its type and shape alone; empty if there is none. */
export function lastOperator(values: GraphValues, tensor: string): string {
  const seen = new Set<string>();
  for (let name = tensor; !seen.has(name);) {
    seen.add(name);
    const maker = values.makerOf(name);
    const op = maker?.opType ?? '';
    if (!PASSING.has(op) && !QUANTIZING.has(op)) return op;
    name = maker!.input![0]!;
  }
  return '';
}

/** Input and width of the last product with weights; null if something nonlinear comes after it. */
export function lastProduct(
  values: GraphValues,
  logits: string,
): { readonly input: string; readonly width: number | null } | null {
  const seen = new Set<string>();
  for (let name = logits; !seen.has(name);) {
    seen.add(name);
    const maker = values.makerOf(name);
    const [first = '', second = ''] = maker?.input ?? [];
    const op = maker?.opType ?? '';
    if (PASSING.has(op) || QUANTIZING.has(op)) name = first;
    else if (SCALING.has(op) && values.isConstant(second)) name = first;
    else if (SCALING.has(op) && values.isConstant(first)) name = second;
    else if (maker !== undefined && values.isProduct(maker)) {
      return { input: first, width: op === 'Conv' ? convWidth(values.sizesOf(second)) : null };
    } else return null;
  }
  return null;
}

/** Inputs of a convolution whose window is the whole image, which makes it a matrix product. filter: [O, I, kh, kw]. */
const convWidth = (filter: readonly number[] | undefined): number | null =>
  filter === undefined ? null : filter.slice(1).reduce((product, size) => product * size, 1);

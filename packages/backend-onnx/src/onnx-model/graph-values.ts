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

/**
 * A graph's values by name. Its walks are not recursive, since a graph may be a chain of any length, and take no longer
 * for several outputs of one chain than for one. Those along first inputs rely on a graph without cycles.
 */
export class GraphValues {
  readonly #makers = new Map<string, NodeProto>();
  /** Whether a value is constant, where that is known. */
  readonly #constant = new Map<string, boolean>();
  readonly #dims = new Map<string, readonly number[]>();
  readonly #ends = new Map<Step, Map<string, string>>();

  constructor(model: ModelProto) {
    const graph = graphOf(model);
    for (const { name, dims } of graph.initializer) {
      this.#constant.set(name ?? '', true);
      this.#dims.set(name ?? '', (dims ?? []).map(Number));
    }
    for (const node of graph.node) {
      for (const output of node.output ?? []) if (output !== '') this.#makers.set(output, node);
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
    const open: OpenValue[] = [];
    const enter = (value: string): void => {
      const maker = this.#makers.get(value);
      this.#constant.set(value, false); // until more is known, so that no value is entered twice
      if (maker !== undefined) open.push({ value, inputs: inputsOf(maker), next: 0 });
    };
    if (!this.#constant.has(name)) enter(name);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const result = this.#constantFrom(top);
      if (typeof result === 'string') enter(result);
      else {
        this.#constant.set(top.value, result);
        open.pop();
      }
    }
    return this.#constant.get(name)!;
  }

  /** Whether all inputs of a value are constant, from the input `next` on; or the first one of which nothing is known. */
  #constantFrom(top: OpenValue): boolean | string {
    for (; top.next < top.inputs.length; top.next++) {
      const input = top.inputs[top.next]!;
      const known = input === '' || this.#constant.get(input);
      if (known === undefined) return input;
      if (!known) return false;
    }
    return true;
  }

  sizesOf(name: string): readonly number[] | undefined {
    for (let value: string | undefined = name; value !== undefined;) {
      const dims = this.#dims.get(value);
      if (dims !== undefined) return dims;
      value = this.isConstant(value) ? this.#makers.get(value)?.input?.[0] : undefined;
    }
    return undefined;
  }

  /** Follows a value back as long as `step` names an input of its maker. */
  follow(name: string, step: Step): string {
    const ends = this.#ends.get(step) ?? new Map<string, string>();
    this.#ends.set(step, ends);
    const passed: string[] = [];
    let end = name;
    for (;;) {
      const maker = this.#makers.get(end);
      const next = ends.get(end) ?? (maker === undefined ? undefined : step(maker, this));
      if (next === undefined || next === end) break;
      passed.push(end);
      end = next;
    }
    for (const value of passed) ends.set(value, end);
    return end;
  }

  /** The nodes that values are computed by, those of their inputs included. */
  nodesBehind(names: string | readonly string[]): ReadonlySet<NodeProto> {
    const found = new Set<NodeProto>();
    const waiting = typeof names === 'string' ? [names] : [...names];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const maker = this.#makers.get(next);
      if (maker === undefined || found.has(maker)) continue;
      found.add(maker);
      for (const input of inputsOf(maker)) waiting.push(input);
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

/** One step of a walk: the input of a node at which it goes on, or undefined where it ends. */
export type Step = (node: NodeProto, values: GraphValues) => string | undefined;

/** A value of which it is not known yet whether it is constant, and the first of its inputs that was not looked at. */
interface OpenValue {
  readonly value: string;
  readonly inputs: readonly string[];
  next: number;
}

const throughPassing: Step = ({ opType, input }) => (PASSING.has(opType ?? '') ? input?.[0] : undefined);

const throughQuantizing: Step = ({ opType, input }) =>
  PASSING.has(opType ?? '') || QUANTIZING.has(opType ?? '') ? input?.[0] : undefined;

const throughLinear: Step = ({ opType, input }, values) => {
  const op = opType ?? '';
  const [first = '', second = ''] = input ?? [];
  if (PASSING.has(op) || QUANTIZING.has(op)) return input?.[0];
  if (SCALING.has(op) && values.isConstant(second)) return first;
  return SCALING.has(op) && values.isConstant(first) ? second : undefined;
};

/** The tensor before the activation at the end, if there is one; else the output itself. */
export function beforeActivation(
  values: GraphValues,
  output: string,
): { readonly name: string; readonly activation: EndActivation | null } {
  const maker = values.makerOf(values.follow(output, throughPassing));
  const name = maker?.input?.[0];
  return ENDINGS.has(maker?.opType ?? '') && name
    ? { name, activation: maker.opType as EndActivation }
    : { name: output, activation: null };
}

/** The operator that computes a tensor, but for those that change its type and shape alone; empty if there is none. */
export function lastOperator(values: GraphValues, tensor: string): string {
  const op = values.makerOf(values.follow(tensor, throughQuantizing))?.opType ?? '';
  return PASSING.has(op) || QUANTIZING.has(op) ? '' : op;
}

/** Input and width of the last product with weights; null if something nonlinear comes after it. */
export function lastProduct(
  values: GraphValues,
  logits: string,
): { readonly input: string; readonly width: number | null } | null {
  const maker = values.makerOf(values.follow(logits, throughLinear));
  const [first = '', second = ''] = maker?.input ?? [];
  if (maker === undefined || first === '' || !values.isProduct(maker)) return null;
  return { input: first, width: maker.opType === 'Conv' ? convWidth(values.sizesOf(second)) : null };
}

/** Inputs of a convolution whose window is the whole image, which makes it a matrix product. filter: [O, I, kh, kw]. */
const convWidth = (filter: readonly number[] | undefined): number | null =>
  filter === undefined ? null : filter.slice(1).reduce((product, size) => product * size, 1);

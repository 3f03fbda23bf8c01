import { dimsOf, ELEMENT, elementOf, graphOf, onnxError, type ModelProto, type NodeProto } from './proto.js';

/** Where a classifier's outputs are in its graph. */
export interface Head {
  /** The tensor before the softmax, if there is one; else the output. */
  readonly logits: string;
  readonly softmax: 'Softmax' | 'LogSoftmax' | null;
  /** The input of the last product with weights, or the requested tensor; null if there is none. */
  readonly features: string | null;
  /** Numbers per image that usable features have, if the last product's weights determine it; else null. */
  readonly featureWidth: number | null;
}

/** Operators that change only the type, shape or name of their first input. */
const PASSING = new Set(['Identity', 'Cast', 'Dropout', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);
const QUANTIZING = new Set(['QuantizeLinear', 'DequantizeLinear']);
/** Operators that are linear if their other input is a constant. */
const SCALING = new Set(['Add', 'Sub', 'Mul', 'Div']);
const PRODUCTS = new Set(['Gemm', 'MatMul', 'Conv']);

/** A graph's values by name. */
class Values {
  readonly #makers = new Map<string, NodeProto>();
  readonly #constants = new Set<string>();
  readonly #dims = new Map<string, readonly number[]>();

  constructor(model: ModelProto) {
    const graph = graphOf(model);
    for (const { name, dims } of graph.initializer) {
      this.#constants.add(name ?? '');
      this.#dims.set(name ?? '', (dims ?? []).map(Number));
    }
    for (const node of graph.node) for (const output of node.output ?? []) this.#makers.set(output, node);
  }

  makerOf(name: string): NodeProto | undefined {
    return this.#makers.get(name);
  }

  has(name: string): boolean {
    return this.#makers.has(name);
  }

  /** Whether a value is a constant, or computed from constants alone (a dequantized or transposed weight). */
  isConstant(name: string): boolean {
    if (this.#constants.has(name)) return true;
    const maker = this.#makers.get(name);
    if (maker === undefined) return false;
    const known = (maker.input ?? []).every((input) => input === '' || this.isConstant(input));
    if (known) this.#constants.add(name);
    return known;
  }

  sizesOf(name: string): readonly number[] | undefined {
    const maker = this.#makers.get(name);
    const source = maker !== undefined && this.isConstant(name) ? maker.input?.[0] : undefined;
    return this.#dims.get(name) ?? (source === undefined ? undefined : this.sizesOf(source));
  }
}

/** Tensors requested by name. `features: null` requests none. */
export interface HeadRequest {
  readonly logits?: string;
  readonly features?: string | null;
}

/**
 * Finds logits and features in a classifier.
 *
 * @throws `ANC_ONNX` if a requested tensor does not exist, or no output can be logits
 */
export function findHead(model: ModelProto, shown: string, request: HeadRequest = {}): Head {
  const values = new Values(model);
  for (const name of [request.logits, request.features]) {
    if (typeof name === 'string' && !values.has(name)) {
      throw onnxError(`${shown}: the graph has no tensor "${name}".`, {
        expected: `an output (${graphOf(model)
          .output.map((o) => o.name)
          .join(', ')}) or the name of an inner tensor`,
        received: name,
        hint: 'a viewer such as Netron shows the names.',
      });
    }
  }
  const output = request.logits ?? outputOf(model, shown, values);
  const { name: logits, softmax } = beforeSoftmax(values, output);
  const found = lastProduct(values, logits);
  if (request.features !== undefined)
    return { logits, softmax, features: request.features, featureWidth: null };
  return { logits, softmax, features: found?.input ?? null, featureWidth: found?.width ?? null };
}

/** Whether an output may be [N, classes], axes of size 1 aside, and not one answer per pixel. Unknown shapes may. */
function isRowPerImage(dims: ReturnType<typeof dimsOf>): boolean {
  if (dims === undefined || dims.length === 2) return true;
  return dims.length === 4 && dims.slice(1).filter((size) => size !== null && size > 1).length < 2;
}

function outputOf(model: ModelProto, shown: string, values: Values): string {
  const outputs = graphOf(model).output.filter(
    (output) =>
      [ELEMENT.float32, ELEMENT.float16, ELEMENT.float64, 0].includes(elementOf(output) as 0) &&
      isRowPerImage(dimsOf(output)),
  );
  const named = outputs.find(({ name }) => /logit/i.test(name ?? ''));
  const heads = outputs.filter(({ name }) => {
    const { name: inner, softmax } = beforeSoftmax(values, name ?? '');
    return softmax !== null || lastProduct(values, inner) !== null;
  });
  const chosen = named ?? heads[0] ?? (outputs.length === 1 ? outputs[0] : undefined);
  if (chosen !== undefined) return chosen.name ?? '';
  throw onnxError(`${shown}: none of the outputs looks like logits of classes.`, {
    expected: 'an output of floats, [N, classes]',
    received: graphOf(model)
      .output.map(
        (output) => `${output.name} [${(dimsOf(output) ?? []).map((size) => size ?? '?').join(', ')}]`,
      )
      .join(', '),
    hint: 'name the tensor with the option logits: "model.onnx(logits=name)".',
  });
}

function beforeSoftmax(values: Values, output: string): { name: string; softmax: Head['softmax'] } {
  for (let name = output; ;) {
    const maker = values.makerOf(name);
    if (maker?.opType === 'Softmax' || maker?.opType === 'LogSoftmax') {
      return { name: maker.input![0]!, softmax: maker.opType };
    }
    if (maker === undefined || !PASSING.has(maker.opType ?? '')) return { name: output, softmax: null };
    name = maker.input![0]!;
  }
}

/** Input and width of the last product with weights; null if something nonlinear comes after it. */
function lastProduct(values: Values, logits: string): { input: string; width: number | null } | null {
  for (let name = logits; ;) {
    const maker = values.makerOf(name);
    const [first = '', second = ''] = maker?.input ?? [];
    const op = maker?.opType ?? '';
    if (PASSING.has(op) || QUANTIZING.has(op)) name = first;
    else if (SCALING.has(op) && values.isConstant(second)) name = first;
    else if (SCALING.has(op) && values.isConstant(first)) name = second;
    else if (PRODUCTS.has(op) && values.isConstant(second)) {
      return { input: first, width: op === 'Conv' ? convWidth(values.sizesOf(second)) : null };
    } else return null;
  }
}

/** Inputs of a convolution whose window is the whole image, which makes it a matrix product. filter: [O, I, kh, kw]. */
const convWidth = (filter: readonly number[] | undefined): number | null =>
  filter === undefined ? null : filter.slice(1).reduce((product, size) => product * size, 1);

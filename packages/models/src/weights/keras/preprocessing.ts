import { layersBefore, type ConfiguredLayer } from './topology.js';

/** What a network computes from pixels before its first weights: y_c = scale_c · x_(order_c) + offset_c. */
export interface Preprocessing {
  readonly order: readonly number[];
  readonly scale: readonly number[];
  readonly offset: readonly number[];
  /** Layers that are not supported. */
  readonly unknown: readonly string[];
}

/** Layers that do nothing in inference, or only resize images. */
const IDLE = /^(InputLayer|Functional|Model|Sequential|Random\w+|Dropout|Gaussian\w+|Resizing|CenterCrop)$/;

/** Keras 2 stores operations by the names of functions. */
const OPERATIONS: Readonly<Record<string, string>> = {
  'math.truediv': 'TrueDivide',
  'math.divide': 'TrueDivide',
  'math.multiply': 'Multiply',
  'math.subtract': 'Subtract',
  'math.add': 'Add',
  '__operators__.add': 'Add',
  'nn.bias_add': 'Add',
};

/** Reads what the layers before a network compute from images of `channels` channels; null if nothing. */
export function preprocessingOf(topology: unknown, channels: number): Preprocessing | null {
  const layers = layersBefore(topology);
  const items = layers.flatMap((layer) => (layer.className === 'GetItem' ? [itemOf(layer)] : []));
  let [order, scale, offset] = [
    Array.from({ length: channels }, (_, c) => c),
    Array.from({ length: channels }, () => 1),
    Array.from({ length: channels }, () => 0),
  ];
  const reorders = isOrder(items, channels) && layers.some(({ className }) => className === 'Stack');
  const unknown: string[] = [];
  const multiply = (factors: number[]): void => {
    scale = scale.map((value, c) => value * factors[c]!);
    offset = offset.map((value, c) => value * factors[c]!);
  };
  const add = (terms: number[]): void => {
    offset = offset.map((value, c) => value + terms[c]!);
  };
  for (const layer of layers) {
    const kind = kindOf(layer);
    if (IDLE.test(kind) || (kind === 'GetItem' && reorders)) continue;
    const each = (value: unknown): number[] | null => numbersOf(value, channels);
    const [own, shift] =
      kind === 'Rescaling'
        ? [each(layer.config.scale), each(layer.config.offset)]
        : [each(constantOf(layer.calls)), null];
    if (kind === 'Rescaling' && own !== null && shift !== null) {
      multiply(own);
      add(shift);
    } else if (kind === 'Stack' && reorders) {
      [order, scale, offset] = [order, scale, offset].map((values) =>
        items.map((item) => values[item!]!),
      ) as [number[], number[], number[]];
    } else if (own !== null && kind === 'TrueDivide') multiply(own.map((value) => 1 / value));
    else if (own !== null && kind === 'Multiply') multiply(own);
    else if (own !== null && kind === 'Subtract') add(own.map((value) => -value));
    else if (own !== null && kind === 'Add') add(own);
    else unknown.push(`${layer.name} (${layer.className})`);
  }
  const idle = order.every((from, c) => from === c && scale[c] === 1 && offset[c] === 0);
  return idle && unknown.length === 0 ? null : { order, scale, offset, unknown };
}

function kindOf({ className, config }: ConfiguredLayer): string {
  if (className !== 'TFOpLambda') return className;
  return OPERATIONS[String(config.function)] ?? className;
}

const isOrder = (items: readonly (number | null)[], channels: number): boolean =>
  items.length === channels && [...items].sort().every((item, c) => item === c);

/** The channel that `x[..., i]` selects. */
function itemOf({ calls }: ConfiguredLayer): number | null {
  const index: unknown = argumentsOf(calls)[1];
  const last: unknown = Array.isArray(index) ? index.at(-1) : null;
  return typeof last === 'number' ? last : null;
}

/** The constant argument of an operation; undefined if it is another tensor, or comes before the tensor. */
function constantOf(calls: unknown): unknown {
  const args = argumentsOf(calls);
  const [tensor, constant] = args;
  if (isWritten(tensor, '__keras_tensor__')) {
    return isWritten(constant, '__tensor__') ? constant.config?.value : constant;
  }
  // Keras 2: [[layer, node, tensor, { y: 127.5 }]], without the inner brackets for functions.
  const keywords = (Array.isArray(tensor) ? (tensor as unknown[]) : args)[3];
  const { y, bias } = (keywords ?? {}) as { y?: unknown; bias?: unknown };
  return y ?? bias;
}

/** The arguments of a layer's only call. */
function argumentsOf(calls: unknown): readonly unknown[] {
  const [first, ...more] = Array.isArray(calls) ? (calls as unknown[]) : [];
  if (more.length > 0 || first === undefined || first === null) return [];
  if (Array.isArray(first)) return first as unknown[];
  const { args } = first as { args?: unknown };
  return Array.isArray(args) ? (args as unknown[]) : [];
}

const isWritten = (value: unknown, kind: string): value is { config?: { value?: unknown } } =>
  (value as { class_name?: unknown } | undefined)?.class_name === kind;

/** One number per channel, from a single number, or from an array with additional axes of size one. */
function numbersOf(value: unknown, channels: number): number[] | null {
  const flat = [value].flat(Infinity);
  if (flat.length === 0 || !flat.every((each) => typeof each === 'number')) return null;
  if (flat.length !== 1 && flat.length !== channels) return null;
  return Array.from({ length: channels }, (_, c) => flat[c % flat.length]!);
}

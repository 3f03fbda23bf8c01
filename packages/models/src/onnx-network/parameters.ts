import { sizeOf, type HostTensor } from '@anc/core';
import { permuted } from '@anc/core/internal';
import type { OnnxConstant, OnnxGraph, OnnxNode } from '@anc/formats';
import { DEPTHWISE, FILTER } from './operators/windows.js';
import { naturalOrder } from './values/value.js';

/** What a variable is to the operator that reads it. */
export type Role = 'kernel' | 'bias' | 'scale' | 'shift' | 'mean' | 'variance' | 'slope' | 'other';

/** A variable of the network: a constant of the file that is trained, or a running average. */
export interface Variable {
  /** Name of the constant in the file. */
  readonly constant: string;
  /** Key among the network's variables, such as `layer1/0/conv1/weights`. */
  readonly key: string;
  readonly kind: 'params' | 'stats';
  readonly role: Role;
  /** Which axis of the file's tensor each axis is. */
  readonly order: readonly number[];
  /** The file's numbers, with the axes in this order. */
  readonly value: HostTensor;
  /** Connections per output unit, of a kernel. */
  readonly fanIn: number;
  /** The node that reads it first. */
  readonly node: OnnxNode;
}

/** Inputs of operators that are weights, whatever their size. */
const ROLES: Readonly<Record<string, readonly (Role | null)[]>> = {
  Conv: [null, 'kernel', 'bias'],
  Gemm: [null, 'kernel', 'bias'],
  BatchNormalization: [null, 'scale', 'shift', 'mean', 'variance'],
  InstanceNormalization: [null, 'scale', 'shift'],
  LayerNormalization: [null, 'scale', 'shift'],
  GroupNormalization: [null, 'scale', 'shift'],
  RMSNormalization: [null, 'scale'],
  PRelu: [null, 'slope'],
};
/** Operators whose constant input is a weight if it has several numbers. */
const SHIFTS = new Set(['Add', 'Sub']);
const SCALES = new Set(['Mul', 'Div']);
const CARRIED = new Set([
  'Concat',
  'Expand',
  'Gather',
  'Transpose',
  'Reshape',
  'Unsqueeze',
  'Squeeze',
  'Identity',
  'Cast',
  'Slice',
  'Split',
  'Tile',
]);
/** Operators that leave an image an image: constants among them are its preprocessing. */
const PREPROCESSING = new Set([
  ...SHIFTS,
  ...SCALES,
  ...CARRIED,
  'Clip',
  'Resize',
  'Upsample',
  'Pad',
  'Flatten',
  'Max',
  'Min',
  'Pow',
  'Sqrt',
  'Neg',
]);

/** The variables among a graph's constants, in the order in which they are read. */
export function variablesOf(graph: OnnxGraph): Variable[] {
  const pixels = new Set([graph.input.name]);
  const found = new Map<string, Variable>();
  const keys = new Set<string>();
  const readers = new Map<string, OnnxNode>();
  for (const node of graph.nodes) for (const name of node.inputs) readers.set(name, node);
  for (const node of graph.nodes) {
    const varying = node.inputs.filter((name) => name !== '' && !graph.constants.has(name));
    const isPreprocessing =
      PREPROCESSING.has(node.op) && varying.length > 0 && varying.every((name) => pixels.has(name));
    if (isPreprocessing) for (const name of node.outputs) pixels.add(name);
    for (const [index, name] of node.inputs.entries()) {
      const constant = graph.constants.get(name);
      if (constant?.type !== 'float' || found.has(name)) continue;
      const role = roleOf(node, index, constant, graph.literals.has(name));
      if (role === null || (isPreprocessing && ROLES[node.op] === undefined)) continue;
      const kind = role === 'mean' || role === 'variance' ? 'stats' : 'params';
      const order = orderOf(node, index, constant);
      const key = distinct(keyOf(name, node, role, readers), keys);
      const fanIn = order.length < 2 ? 1 : sizeOf(order.slice(0, -1).map((axis) => constant.dims[axis]!));
      found.set(name, {
        constant: name,
        key,
        kind,
        role,
        order,
        value: {
          shape: order.map((axis) => constant.dims[axis]!),
          data: permuted(Float32Array.from(constant.data), constant.dims, order),
        },
        fanIn: order === DEPTHWISE ? sizeOf(constant.dims.slice(2)) : fanIn,
        node,
      });
    }
  }
  return [...found.values()];
}

function roleOf(
  node: OnnxNode,
  index: number,
  { data, dims }: OnnxConstant,
  isLiteral: boolean,
): Role | null {
  if (node.domain !== '') return null;
  const fixed = ROLES[node.op]?.[index];
  if (fixed !== undefined) return fixed;
  if (data.length < 2 || (isLiteral && node.op !== 'MatMul')) return null;
  if (node.op === 'MatMul') return dims.length >= 2 ? 'kernel' : null;
  if (SHIFTS.has(node.op)) return dims.filter((size) => size > 1).length < 2 ? 'shift' : 'other';
  if (SCALES.has(node.op)) return 'scale';
  const carries = CARRIED.has(node.op) && (index === 0 || node.op === 'Concat');
  return carries ? 'other' : null;
}

/** Kernels are stored as the backends take them; everything else as in the file. */
function orderOf(node: OnnxNode, index: number, { dims }: OnnxConstant): readonly number[] {
  if (node.op === 'Conv' && index === 1 && dims.length === 4) {
    const group = Number(node.attributes['group'] ?? 1);
    return dims[1] === 1 && group > 1 ? DEPTHWISE : FILTER;
  }
  if (node.op === 'Gemm' && index === 1 && node.attributes['transB'] === 1) return [1, 0];
  return naturalOrder(dims.length);
}

/** Our names of the variables of layers. */
const LEAVES: Readonly<Record<Role, string | null>> = {
  kernel: 'weights',
  bias: 'bias',
  scale: 'gamma',
  shift: 'beta',
  mean: 'mean',
  variance: 'variance',
  slope: 'alpha',
  other: null,
};
const LEAF =
  /[./](weight|bias|kernel|gamma|beta|scale|running_mean|running_var|moving_mean|moving_variance)$/;
/** Names that exporters number or generate. */
const GENERATED = /^(onnx::|val_|const_|_val|anc:|v?\d+$)|::/;

/** `layer1.0.conv1.weight` → `layer1/0/conv1/weights`; the node's name where the file's name was generated. */
function keyOf(name: string, node: OnnxNode, role: Role, readers: ReadonlyMap<string, OnnxNode>): string {
  const isGenerated = GENERATED.test(name);
  const source = isGenerated ? (pathOfBias(node, readers) ?? nodePath(node)) : name.replace(LEAF, '');
  const hasLeaf = isGenerated || LEAF.test(name) || ROLES[node.op] !== undefined || role === 'kernel';
  const path = source
    .replaceAll(/(^|\/)(\w+)\/\2\./g, '$1$2.') // PyTorch's scopes of lists: /layer1/layer1.0
    .replaceAll(/[.:]+/g, '/')
    .replaceAll(/[^\w/-]+/g, '_')
    .replaceAll(/\/{2,}/g, '/')
    .replaceAll(/^\/|\/$/g, '');
  const shift = role === 'shift' && node.op === 'Add' ? 'bias' : LEAVES[role];
  const leaf = LEAF.test(name) && role === 'other' ? LEAF.exec(name)![1]! : shift;
  return hasLeaf && leaf !== null ? `${path}/${leaf}` : path || 'constant';
}

/** The layer of the bias that is added to a product, where that has a name of its own. */
function pathOfBias({ op, outputs }: OnnxNode, readers: ReadonlyMap<string, OnnxNode>): string | null {
  const next = op === 'MatMul' ? readers.get(outputs[0]!) : undefined;
  const bias = next?.op === 'Add' ? next.inputs.find((name) => /[./]bias$/.test(name)) : undefined;
  return bias === undefined || GENERATED.test(bias) ? null : bias.replace(LEAF, '');
}

/** A node's name without the operator at its end; `node_conv2d_3` keeps its number. */
const nodePath = ({ name, op, outputs }: OnnxNode): string => {
  const own = name === '' ? (outputs[0] ?? op) : name;
  return own.replace(new RegExp(`/${op}(_\\d+)?$`), '') || own;
};

function distinct(key: string, taken: Set<string>): string {
  let name = key;
  for (let n = 2; taken.has(name); n++) name = key.replace(/(\/[^/]*)?$/, (leaf) => `_${n}${leaf}`);
  taken.add(name);
  return name;
}

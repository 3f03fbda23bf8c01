import { checkStructure } from './check-structure.js';
import { Constants } from './constants.js';
import { GraphValues, subgraphsOf, type Step } from './graph-values.js';
import {
  decodeModel,
  encodeModel,
  graphOf,
  onnxError,
  opsetOf,
  type ModelProto,
  type NodeProto,
} from './proto.js';

const RANDOM = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);
const BOOL = 9;
const HINT = 'export it for inference: in PyTorch, model.eval() before torch.onnx.export.';

/**
 * Puts a model that was exported in training mode into inference mode: batch normalization takes its running averages,
 * dropout is left out. Returns the same bytes where nothing changes.
 *
 * @throws `ANC_ONNX` where the running averages were never updated, or the graph is not valid
 */
export function inferenceMode(
  bytes: Uint8Array,
  shown: string,
): { readonly bytes: Uint8Array; readonly notice: string | null } {
  const model = decodeModel(bytes, shown);
  checkStructure(model, shown); // before anything walks through the graph
  const constants = new Constants(model);
  const values = new GraphValues(model);
  const opset = opsetOf(model);
  const nodes = nodesOf(model);
  const read = new Set(nodes.flatMap(({ input }) => input ?? []));
  let norms = 0;
  let dropouts = 0;
  for (const node of nodes) {
    if (!isStandard(node)) continue;
    if (isTrainingNorm(node, opset) && normToInference(node, read, constants, values, shown)) norms++;
    if (node.opType === 'Dropout' && isDropping(node, constants, values)) {
      node.input = node.input!.slice(0, 1);
      dropouts++;
    }
  }
  if (norms + dropouts === 0) return { bytes, notice: null };
  const graph = graphOf(model);
  const made = new Set([
    ...graph.node.flatMap(({ output }) => output ?? []),
    ...graph.initializer.map(({ name }) => name),
  ]);
  graph.output = graph.output.filter(({ name }) => made.has(name ?? ''));
  const changes = [
    norms > 0
      ? `${norms} batch normalization${norms > 1 ? 's take their' : ' takes its'} running averages`
      : null,
    dropouts > 0 ? `${dropouts} dropout${dropouts > 1 ? 's are' : ' is'} left out` : null,
  ].filter((change) => change !== null);
  return {
    bytes: encodeModel(model),
    notice: `${shown}: it was exported in training mode and is used in inference mode: ${changes.join(', ')}. Better ${HINT}`,
  };
}

/**
 * Refuses a value whose computation draws random numbers or normalizes by the statistics of the batch.
 *
 * @throws `ANC_ONNX`
 */
export function assertInference(model: ModelProto, shown: string, value: string): void {
  const opset = opsetOf(model);
  const used = [...new GraphValues(model).nodesBehind(value), ...functionBodies(model).flat()].flatMap(
    withInner,
  );
  const random = used.find((node) => isStandard(node) && RANDOM.has(node.opType ?? ''));
  if (random !== undefined) {
    throw onnxError(`${shown}: its outputs are random.`, {
      expected: 'the same outputs for the same image',
      received: `a ${random.opType} node (${random.name})`,
      hint: HINT,
    });
  }
  const norm = used.find((node) => isStandard(node) && isTrainingNorm(node, opset));
  if (norm !== undefined) {
    throw onnxError(`${shown}: a batch normalization uses the statistics of the batch.`, {
      expected: 'running averages as constants',
      received: `node ${norm.name} in training mode`,
      hint: HINT,
    });
  }
}

const isStandard = ({ domain }: NodeProto): boolean => !domain || domain === 'ai.onnx';

const isTrainingNorm = ({ opType, attribute, output }: NodeProto, opset: number): boolean =>
  opType === 'BatchNormalization' &&
  (attribute?.some(({ name, i }) => name === 'training_mode' && Number(i) === 1) === true ||
    (opset < 14 && (output ?? []).slice(1).some((name) => name !== '')));

/** Whether it could be put into inference mode: its averages are constants, and nothing reads its statistics. */
function normToInference(
  node: NodeProto,
  read: ReadonlySet<string>,
  constants: Constants,
  values: GraphValues,
  shown: string,
): boolean {
  const [output = '', ...statistics] = node.output ?? [];
  const [mean = '', variance = ''] = (node.input ?? []).slice(3);
  if (statistics.some((name) => name !== '' && read.has(name))) return false;
  if (!values.isConstant(mean) || !values.isConstant(variance)) return false;
  const isAll = (name: string, value: number): boolean =>
    constants.floats(original(values, name))?.data.every((number) => number === value) === true;
  if (isAll(mean, 0) && isAll(variance, 1)) {
    throw onnxError(`${shown}: it was exported in training mode, without running averages.`, {
      expected: 'batch normalizations with averages of the training',
      received: `means of 0 and variances of 1 in node ${node.name}`,
      hint: HINT,
    });
  }
  node.attribute = (node.attribute ?? []).filter(({ name }) => name !== 'training_mode');
  node.output = [output];
  return true;
}

/** The name of a constant behind copies of it: equal weights are often written once. */
const original = (values: GraphValues, name: string): string => values.follow(name, throughCopies);

const throughCopies: Step = ({ opType, input }) => (opType === 'Identity' ? input?.[0] : undefined);

/** Whether a dropout drops: its third input is there, and not known to be false. */
function isDropping({ input }: NodeProto, constants: Constants, values: GraphValues): boolean {
  const name = input?.[2] ?? '';
  if (name === '') return false;
  const tensor =
    constants.tensor(name) ?? values.makerOf(name)?.attribute?.find((one) => one.name === 'value')?.t;
  if (tensor?.dataType !== BOOL) return true;
  const raw = tensor.rawData;
  return (raw && raw.length > 0 ? raw[0] : tensor.int32Data?.[0]) !== 0;
}

/** The nodes of the graph, of its subgraphs and of the model's functions. */
const nodesOf = (model: ModelProto): NodeProto[] =>
  [graphOf(model).node, ...functionBodies(model)].flatMap((nodes) => nodes.flatMap(withInner));

const functionBodies = ({ functions }: ModelProto): NodeProto[][] => functions.map(({ node }) => node ?? []);

const withInner = (node: NodeProto): NodeProto[] => [
  node,
  ...subgraphsOf(node).flatMap(({ node: inner }) => (inner ?? []).flatMap(withInner)),
];

import type { OnnxConstant, OnnxGraph, OnnxNode } from '@anc/formats';

/** Names that PyTorch's exporters give to weights that they computed, as they do where they fold batch norm. */
const COMPUTED = /^onnx::|_bn_fold|_fused|^val_|-bn|:weights$/i;

/**
 * Puts a batch normalization after each convolution into whose weights one was folded, in place of its bias: to train
 * the architecture from the start. A file without generated names of weights, or with batch normalizations, stays as it is.
 */
export function withBatchNorms(graph: OnnxGraph): { readonly graph: OnnxGraph; readonly inserted: number } {
  if (graph.nodes.some(({ op }) => op === 'BatchNormalization')) return { graph, inserted: 0 };
  const constants = new Map(graph.constants);
  const nodes: OnnxNode[] = [];
  let inserted = 0;
  for (const node of graph.nodes) {
    const [x = '', kernel = '', bias = ''] = node.inputs;
    const filter = graph.constants.get(kernel);
    const isFolded = node.op === 'Conv' && bias !== '' && filter !== undefined && COMPUTED.test(kernel);
    if (!isFolded) {
      nodes.push(node);
      continue;
    }
    inserted++;
    const [output = ''] = node.outputs;
    const own = (leaf: string): string => `${(node.name || output).replace(/\/Conv$/, '')}/norm.${leaf}`;
    const channels = filter.dims[0]!;
    const vector = (value: number): OnnxConstant => ({
      type: 'float',
      dims: [channels],
      data: new Float32Array(channels).fill(value),
    });
    const names = { weight: 1, bias: 0, running_mean: 0, running_var: 1 };
    for (const [leaf, value] of Object.entries(names)) constants.set(own(leaf), vector(value));
    nodes.push(
      { ...node, inputs: [x, kernel], outputs: [`${output}:convolved`] },
      {
        name: own('norm'),
        op: 'BatchNormalization',
        domain: '',
        inputs: [`${output}:convolved`, ...Object.keys(names).map(own)],
        outputs: [output],
        attributes: {},
      },
    );
  }
  return inserted === 0 ? { graph, inserted } : { graph: { ...graph, nodes, constants }, inserted };
}

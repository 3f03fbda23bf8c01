/**
 * Fusions of ONNX Runtime that find nothing in a training step, as they are named in its source: of transformers and of
 * quantized networks. Each of them looks at every node several times: leaving them out takes a fifth off optimizing the
 * step of ResNet-164, and what becomes of a graph is the same.
 */
export const UNUSED_FUSIONS: readonly string[] = [
  ...['AttentionFusion', 'EmbedLayerNormFusion', 'GroupQueryAttentionFusion'],
  ...['LayerNormFusion', 'LayerNormFusionL2', 'SimplifiedLayerNormFusion', 'SkipLayerNormFusion'],
  ...['GeluFusionL1', 'GeluFusionL2', 'FastGeluFusion', 'QuickGeluFusion', 'BiasGeluFusion'],
  ...['BiasSoftmaxFusion', 'BiasDropoutFusion', 'LabelEncoderFusion'],
  ...['QDQSelectorActionTransformer', 'QDQPropagationTransformer', 'EnsureUniqueDQForNodeUnit'],
  ...['DoubleQDQPairsRemover', 'WeightBiasQuantization', 'DQMatMulToMatMulNBits', 'MatMulNBitsFusion'],
  ...['DynamicQuantizeMatMulFusion', 'MatMulIntegerToFloatFusion'],
];

/** The same, as an option of a session. */
export const withoutUnusedFusions = {
  optimization: { disable_specified_optimizers: UNUSED_FUSIONS.join(';') },
};

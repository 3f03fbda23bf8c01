/** Numbers of oneDNN's binary interface, version 3 (dnnl_types.h). */

export const DATA_TYPE = { bfloat16: 2, float32: 3, int32: 4, int8: 5, uint8: 6 } as const;

/** Types that oneDNN computes with here. */
export type DataType = keyof typeof DATA_TYPE;

export const BYTES: Readonly<Record<DataType, number>> = {
  bfloat16: 2,
  float32: 4,
  int32: 4,
  int8: 1,
  uint8: 1,
};

/** The layout is left to the primitive. */
export const ANY_LAYOUT = 1;

/** Layouts of images with channels in blocks, by the size of the blocks. */
export const BLOCKED_LAYOUT: Readonly<Record<number, number>> = { 16: 78, 8: 102 };

export const FORWARD_INFERENCE = 96;
/** The forward pass keeps what the backward pass needs. */
export const FORWARD_TRAINING = 64;

/** Algorithms. */
export const CONVOLUTION = 0x1;
export const DECONVOLUTION = 0xa;

export const ELTWISE = {
  relu: 0x20,
  tanh: 0x21,
  elu: 0x22,
  square: 0x23,
  abs: 0x24,
  sqrt: 0x25,
  linear: 0x26,
  softRelu: 0x27,
  hardSigmoid: 0x28,
  logistic: 0x29,
  exp: 0x2a,
  log: 0x2d,
  clip: 0x2e,
  pow: 0x30,
} as const;

export const POOLING = { max: 0x1ff, averageWithoutPadding: 0x3ff } as const;

export const BINARY: Readonly<Record<string, number>> = {
  Add: 0x1fff0,
  Mul: 0x1fff1,
  Max: 0x1fff2,
  Min: 0x1fff3,
  Div: 0x1fff4,
  Sub: 0x1fff5,
};

export const REDUCTION: Readonly<Record<string, number>> = {
  ReduceMax: 0x2fff2,
  ReduceMin: 0x2fff3,
  ReduceSum: 0x2fff4,
  ReduceMean: 0x2fff6,
};

export const SOFTMAX: Readonly<Record<string, number>> = { Softmax: 0x30000, LogSoftmax: 0x30001 };

/** Flags of batch normalization. */
export const NORMALIZATION = { globalStatistics: 1, scale: 2, shift: 4, relu: 8 } as const;

/** Queries of a primitive's descriptor. */
export const QUERY = {
  source: 129,
  gradientOfSource: 130,
  weights: 131,
  gradientOfWeights: 132,
  destination: 133,
  gradientOfDestination: 134,
  workspace: 135,
} as const;

/** Queries of a memory descriptor. */
export const MEMORY_QUERY = {
  strides: 14,
  paddedSizes: 260,
  blocks: 263,
  blockSizes: 264,
  blockAxes: 265,
} as const;

/** Names of a primitive's arguments. */
export const ARGUMENT = {
  source: 1,
  source1: 2,
  destination: 17,
  weights: 33,
  bias: 41,
  mean: 49,
  variance: 50,
  scale: 51,
  shift: 52,
  workspace: 64,
  gradientOfSource: 129,
  gradientOfDestination: 145,
  gradientOfWeights: 161,
} as const;

/** The second operand of the binary operation at place `index` of the operations after a primitive. */
export const postOperand = (index: number): number => (32768 * (index + 1)) | ARGUMENT.source1;

/** The scales of an argument. */
export const scalesOf = (argument: number): number => 4096 | argument;

/** Bits of the instruction sets that multiply bytes exactly, and of those that multiply bfloat16 natively. */
export const ISA_AVX512_VNNI = 0x67;
export const ISA_AVX2_VNNI = 0x0f;
export const ISA_AVX512_BF16 = 0xe7;
export const ISA_AVX512 = 0x27;
export const ISA_AMX = 0xfef;
export const ISA_AVX2 = 0x07;
export const ISA_AVX2_VNNI_2 = 0x1f;

/** The functions of oneDNN that are called, as its headers declare them. */

/** Pointers and handles are passed as numbers, which cost no conversion; arrays as addresses of their bytes. */
const POINTER = 'uintptr_t';
const ARRAY = 'void *';
/** Of a convolution: engine, kind, algorithm, four tensors, strides, dilations, paddings and attributes. */
const CONVOLUTION = [
  ARRAY,
  POINTER,
  'int',
  'int',
  POINTER,
  POINTER,
  POINTER,
  POINTER,
  ARRAY,
  ARRAY,
  ARRAY,
  ARRAY,
  POINTER,
] as const;

/** Strides (or sizes, for pooling), dilations and paddings. */
const WINDOW = [ARRAY, ARRAY, ARRAY, ARRAY] as const;

/** C types of the arguments, by function. A result is a status unless it is listed below. */
export const FUNCTIONS = {
  dnnl_engine_create: [ARRAY, 'int', 'size_t'],
  dnnl_engine_destroy: [POINTER],
  dnnl_stream_create: [ARRAY, POINTER, 'uint'],
  dnnl_stream_destroy: [POINTER],
  dnnl_memory_desc_create_with_strides: [ARRAY, 'int', ARRAY, 'int', ARRAY],
  dnnl_memory_desc_create_with_tag: [ARRAY, 'int', ARRAY, 'int', 'int'],
  dnnl_memory_desc_clone: [ARRAY, POINTER],
  dnnl_memory_desc_destroy: [POINTER],
  dnnl_memory_desc_equal: [POINTER, POINTER],
  dnnl_memory_desc_get_size: [POINTER],
  dnnl_memory_desc_query: [POINTER, 'int', ARRAY],
  dnnl_memory_create: [ARRAY, POINTER, POINTER, POINTER],
  dnnl_memory_destroy: [POINTER],
  dnnl_primitive_desc_query_md: [POINTER, 'int', 'int'],
  dnnl_primitive_desc_destroy: [POINTER],
  dnnl_primitive_create: [ARRAY, POINTER],
  dnnl_primitive_destroy: [POINTER],
  dnnl_primitive_execute: [POINTER, POINTER, 'int', POINTER],
  dnnl_primitive_attr_create: [ARRAY],
  dnnl_primitive_attr_destroy: [POINTER],
  dnnl_primitive_attr_set_post_ops: [POINTER, POINTER],
  dnnl_primitive_attr_set_scales_mask: [POINTER, 'int', 'int'],
  dnnl_post_ops_create: [ARRAY],
  dnnl_post_ops_destroy: [POINTER],
  dnnl_post_ops_append_sum: [POINTER, 'float', 'int32_t', 'int'],
  dnnl_post_ops_append_eltwise: [POINTER, 'int', 'float', 'float'],
  dnnl_post_ops_append_binary: [POINTER, 'int', POINTER],
  dnnl_get_effective_cpu_isa: [],
  dnnl_reorder_primitive_desc_create: [ARRAY, POINTER, POINTER, POINTER, POINTER, POINTER],
  dnnl_binary_primitive_desc_create: [ARRAY, POINTER, 'int', POINTER, POINTER, POINTER, POINTER],
  dnnl_convolution_forward_primitive_desc_create: CONVOLUTION,
  dnnl_deconvolution_forward_primitive_desc_create: CONVOLUTION,
  dnnl_convolution_backward_data_primitive_desc_create: [
    ...[ARRAY, POINTER, 'int', POINTER, POINTER, POINTER],
    ...WINDOW,
    ...[POINTER, POINTER],
  ],
  dnnl_convolution_backward_weights_primitive_desc_create: [
    ...[ARRAY, POINTER, 'int', POINTER, POINTER, POINTER, POINTER],
    ...WINDOW,
    ...[POINTER, POINTER],
  ],
  dnnl_pooling_backward_primitive_desc_create: [
    ...[ARRAY, POINTER, 'int', POINTER, POINTER, ARRAY],
    ...WINDOW,
    ...[POINTER, POINTER],
  ],
  dnnl_eltwise_forward_primitive_desc_create: [
    ARRAY,
    POINTER,
    'int',
    'int',
    POINTER,
    POINTER,
    'float',
    'float',
    POINTER,
  ],
  dnnl_softmax_forward_primitive_desc_create: [
    ARRAY,
    POINTER,
    'int',
    'int',
    POINTER,
    POINTER,
    'int',
    POINTER,
  ],
  dnnl_pooling_forward_primitive_desc_create: [
    ARRAY,
    POINTER,
    'int',
    'int',
    POINTER,
    POINTER,
    ARRAY,
    ARRAY,
    ARRAY,
    ARRAY,
    ARRAY,
    POINTER,
  ],
  dnnl_batch_normalization_forward_primitive_desc_create: [
    ARRAY,
    POINTER,
    'int',
    POINTER,
    POINTER,
    'float',
    'uint',
    POINTER,
  ],
  dnnl_matmul_primitive_desc_create: [ARRAY, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER],
  dnnl_reduction_primitive_desc_create: [ARRAY, POINTER, 'int', POINTER, POINTER, 'float', 'float', POINTER],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A function of the library that is called. */
export type FunctionName = keyof typeof FUNCTIONS;

/** Names of the functions that describe a primitive. */
export type Describe = Extract<FunctionName, `${string}_primitive_desc_create`>;

/** C types of results that are no `int`. */
export const RESULTS: Readonly<Partial<Record<FunctionName, string>>> = {
  dnnl_memory_desc_get_size: 'size_t',
  dnnl_primitive_desc_query_md: POINTER,
};

/** Functions whose result is no status. */
export const VALUES = new Set<FunctionName>([
  'dnnl_memory_desc_get_size',
  'dnnl_primitive_desc_query_md',
  'dnnl_memory_desc_equal',
  'dnnl_get_effective_cpu_isa',
]);

export { compactTensors, readCompactTensors } from './compact-network.js';
export { decodeCompact } from './compact.js';
export { QuantizedMethod } from './quantized-method.js';
export { isQuantized, quantized, type QuantizedNetwork } from './quantized.js';

export { compactTensors, readCompactTensors } from './compact-network.js';
export { decodeCompact, decodeWeights, encodeCompact, encodeWeights, storedBytes } from './compact.js';
export { estimators, type Estimator, type EstimatorName } from './estimators.js';
export { quantizable, QuantizedMethod } from './quantized-method.js';
export { isQuantized, quantized, type QuantizedNetwork } from './quantized.js';

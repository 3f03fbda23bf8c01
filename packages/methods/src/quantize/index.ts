export * from './compact.js';
export * from './compact-network.js';
export * from './estimators.js';
export * from './quantized.js';
export * from './quantized-method.js';

export * from './compact.js';
export * from './compact-network.js';
export * from './estimators.js';
export * from './quantised.js';
export * from './quantised-method.js';

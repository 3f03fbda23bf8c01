export * from './backend-contract.js';
export * from './dataset-contract.js';
export * from './discriminator-contract.js';
export * from './method-contract.js';
export * from './network-contract.js';
export * from './regularizer-contract.js';

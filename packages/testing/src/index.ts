export * from './backend-contract.js';
export * from './network-contract.js';

export * from './network-contract.js';

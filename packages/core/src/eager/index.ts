export * from './eager-backend.js';
export * from './eager-context.js';
export { phaseOf } from './eager-step.js';

export * from './eager-backend.js';
export * from './eager-context.js';
export { phaseOf } from './eager-step.js';
export * from './optional-package.js';
export * from './processor.js';
export * from './speed.js';

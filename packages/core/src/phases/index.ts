export * from './adversarial-step.js';
export * from './adversarial-student-phase.js';
export * from './attached-discriminator.js';
export * from './dropout.js';
export * from './model-state.js';
export * from './student-phase.js';
export * from './terms.js';

export * from './adversarial.js';
export * from './imitation.js';
export * from './names.js';
export * from './standardised.js';
export * from './student-phase.js';

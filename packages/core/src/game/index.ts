export * from './adversarial.js';
export * from './adversarial-student-phase.js';
export * from './critic.js';
export * from './dropout.js';
export * from './names.js';
export * from './standardised.js';
export * from './student-phase.js';
export * from './terms.js';

export * from './eager-backend.js';
export * from './eager-context.js';

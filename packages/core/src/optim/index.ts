export * from './optimizer.js';
export * from './recipe.js';
export * from './schedule.js';

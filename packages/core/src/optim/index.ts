export * from './optimizer.js';
export * from './optimizer-config.js';
export * from './schedule.js';

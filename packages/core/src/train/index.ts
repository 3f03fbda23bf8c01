export * from './alarms.js';
export * from './evaluate.js';
export * from './events.js';
export * from './network-teacher.js';
export * from './rehearse.js';
export * from './train.js';

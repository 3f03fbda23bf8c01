export * from './checkpoint/checkpoint-store.js';
export { assertSameSpecs, specsOf, type CheckpointPosition } from './checkpoint/manifest.js';
export * from './run-folder/environment.js';
export * from './run-folder/metrics-log.js';
export * from './run-folder/run-folder.js';
export * from './teacher-memo/teacher-memo.js';

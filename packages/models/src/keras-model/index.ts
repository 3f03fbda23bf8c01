export { exportKerasModel } from './export-keras-model.js';
export { kerasFile } from './keras-file.js';
export { runKerasModel } from './run-keras-model.js';
export type { KerasModel } from './model.js';

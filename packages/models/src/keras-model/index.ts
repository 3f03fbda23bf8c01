export { exportKerasModel } from './export-keras-model.js';
export { runKerasModel } from './run-keras-model.js';

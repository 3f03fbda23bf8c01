export { exportGraphModel } from './export-graph-model.js';

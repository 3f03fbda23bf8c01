export { exportGraphModel, type GraphModel } from './export-graph-model.js';
export { graphModelFiles, type GraphModelFile } from './files.js';

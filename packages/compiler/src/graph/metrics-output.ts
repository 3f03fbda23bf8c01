/** Name of the output that holds all metrics, one after the other. */
export const METRICS_OUTPUT = 'metrics';

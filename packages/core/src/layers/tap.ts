import type { Layer } from './layer.js';

/**
 * Shows the value at this point to the context under `name`, and goes on with what comes back.
 * `tap('features')` marks the input of a classifier's last layer.
 */
export const tap = (name: string): Layer => ({
  name: `tap/${name}`, // beside a layer of the same name
  outputShape: (input) => input,
  init: () => ({ params: {}, stats: {} }),
  apply: (_variables, x, context) => ({ output: context.activation(name, x), stats: {} }),
  summary: () => [],
});

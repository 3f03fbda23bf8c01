import type { Layer } from './layer.js';

/**
 * Makes the tensor at this point a named output: passes it to the context's `activation` hook and continues with the
 * result. `tap('features')` marks the input of a classifier's last layer.
 */
export const tap = (name: string): Layer => ({
  name: `tap/${name}`, // a layer may have the tap's name
  outputShape: (input) => input,
  init: () => ({ params: {}, stats: {} }),
  apply: (_variables, x, context) => ({ output: context.activation(name, x), stats: {} }),
  summary: () => [],
});

import { madeBy } from '../graph/value.js';
import type { PeepholePass } from './pass.js';

/** max-pool(relu(x)) is relu(max-pool(x)), with fewer elements to rectify. */
export const poolBeforeRelu: PeepholePass = {
  name: 'pool-before-relu',
  stage: 'operation',
  op: 'MaxPool',
  when: ({ fusesRelu }) => !fusesRelu,
  rewrite: (graph, { inputs: [x], shape, attributes }) => {
    const relu = madeBy(x!, 'Relu');
    if (relu === null) return null;
    const outputs = [
      { type: 'float32', shape },
      { type: 'int64', shape }, // positions, which the gradient reads
    ] as const;
    const [pooled] = graph.node('MaxPool', relu.inputs, outputs, attributes);
    return graph.op('Relu', [pooled!], 'float32', shape);
  },
};

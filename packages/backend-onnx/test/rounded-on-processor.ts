import { type GraphPass, rewriteNodes } from '@anc/compiler';

/**
 * Keeps what is rounded to float16 rounded on a processor. ONNX Runtime has no kernels of such products there: it computes them in
 * float32, and takes the casts of float32 to float16 and back for its own, which it removes. Between them stands an `Identity`
 * here, which it computes in float16, where its optimizations are switched off.
 */
export const roundedOnProcessor: GraphPass = {
  name: 'rounded-on-processor',
  stage: 'graph',
  when: () => true,
  rewrite: (graph, { outputs }) =>
    rewriteNodes(graph, outputs, ({ nodes }, { current, rebuild, replace }) => {
      const halves = nodes.filter(({ outputs: [output] }) => output!.type === 'float16');
      return new Map(
        halves.map((node) => [
          node,
          () => {
            const [output] = node.outputs;
            rebuild(node);
            replace(output!, graph.op('Identity', [current(output!)], 'float16', output!.shape));
          },
        ]),
      );
    }),
};

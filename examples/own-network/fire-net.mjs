/**
 * A network of one's own, whole: a SqueezeNet (Iandola et al. 2016) for small images.
 *
 *   npx anc-cli describe model fire-net --plugins ./examples/own-network/fire-net.mjs
 *   npx anc-cli run --plugins ./examples/own-network/fire-net.mjs --student "fire-net(width=0.5)" --adapter linear
 *
 * `init` gives named parameters, `apply` computes with them: plain functions of tensors, in tfjs-core's language, so
 * that every backend trains the network and every format exports it. Layers of @anc/core have both; where none fits,
 * write an object with `name`, `outputShape`, `init`, `apply` and `summary`, as `fire` does here.
 */
import {
  conv2d,
  definePlugin,
  dense,
  globalAveragePool,
  LayeredClassifier,
  maxPool,
  mergeTrees,
  PLUGIN_API_VERSION,
  prefixTree,
  relu,
  sequential,
  subtree,
  tap,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

/** A few 1×1 filters, whose output 1×1 and 3×3 filters see side by side: [B, H, W, C] -> [B, H, W, 2·wide]. */
function fire(name, narrow, wide) {
  const squeeze = sequential('squeeze', [conv2d('conv', { kernelSize: 1, filters: narrow }), relu()]);
  const branches = [1, 3].map((kernelSize) =>
    sequential(`expand${kernelSize}`, [conv2d('conv', { kernelSize, filters: wide }), relu()]),
  );
  const parts = [squeeze, ...branches];
  const inputOf = (part, input) => (part === squeeze ? input : squeeze.outputShape(input));
  return {
    name,
    outputShape: (input) => [input[0], input[1], 2 * wide],
    init(rng, input) {
      const made = parts.map((part) => {
        const { params, stats } = part.init(rng.split(part.name), inputOf(part, input));
        return { params: prefixTree(part.name, params), stats: prefixTree(part.name, stats) };
      });
      return {
        params: mergeTrees(...made.map(({ params }) => params)),
        stats: mergeTrees(...made.map(({ stats }) => stats)),
      };
    },
    apply({ params, stats }, x, context) {
      const run = (part, input) =>
        part.apply({ params: subtree(params, part.name), stats: subtree(stats, part.name) }, input, context)
          .output;
      const narrowed = run(squeeze, x);
      return {
        output: tf.concat(
          branches.map((branch) => run(branch, narrowed)),
          3,
        ),
        stats: {},
      };
    },
    summary: (input) =>
      parts.flatMap((part) =>
        part.summary(inputOf(part, input)).map((row) => ({ ...row, name: `${name}/${row.name}` })),
      ),
  };
}

const options = z.strictObject({
  width: z.number().positive().max(8).default(1).describe('factor of every width'),
});

function fireNet(given, { classes }) {
  const { width } = options.parse(given);
  const scaled = (n) => Math.max(1, Math.round(n * width));
  return new LayeredClassifier(`fire-net(width=${width})`, classes, [
    conv2d('stem', { kernelSize: 3, filters: scaled(32) }),
    relu('stem-relu'),
    maxPool('pool1', { kernelSize: 2 }),
    fire('fire1', scaled(8), scaled(32)),
    tap('fire1'), // named, so that discriminators and hints can look at it
    maxPool('pool2', { kernelSize: 2 }),
    fire('fire2', scaled(16), scaled(64)),
    tap('fire2'),
    globalAveragePool(),
    tap('features'), // the input of the last layer: what the discriminator sees
    dense('logits', { units: classes }),
  ]);
}

export default function plugin() {
  return definePlugin({
    name: 'own-network',
    apiVersion: PLUGIN_API_VERSION,
    models: { 'fire-net': { summary: 'a small SqueezeNet', options, create: fireNet } },
  });
}

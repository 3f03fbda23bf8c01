import { definePlugin, PLUGIN_API_VERSION, type DatasetEnvironment, type Plugin } from '@anc/core';
import type { z } from 'zod';
import { Glyphs, glyphsOptions } from './glyphs/glyphs.js';
import { fashionMnist, mnist, noOptions } from './mnist.js';

/** The datasets of this package. */
export default function datasets(): Plugin {
  return definePlugin({
    name: '@anc/datasets',
    apiVersion: PLUGIN_API_VERSION,
    datasets: {
      glyphs: {
        summary: 'ten figures drawn in strokes, 28×28 grey, generated; needs no file',
        options: glyphsOptions,
        create: (options: z.output<typeof glyphsOptions>) => new Glyphs(options),
      },
      'fashion-mnist': {
        summary: 'Fashion-MNIST: 60,000 + 10,000 pictures of clothing, 28×28 grey',
        options: noOptions,
        create: (_options: unknown, { dataDir }: DatasetEnvironment) => fashionMnist(dataDir),
      },
      mnist: {
        summary: 'MNIST: 60,000 + 10,000 handwritten digits, 28×28 grey',
        options: noOptions,
        create: (_options: unknown, { dataDir }: DatasetEnvironment) => mnist(dataDir),
      },
    },
  });
}

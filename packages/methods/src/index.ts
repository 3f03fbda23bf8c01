import { definePlugin, PLUGIN_API_VERSION, type Parts, type Plugin } from '@anc/core';
import { adversarialLosses } from './adversarial-losses/index.js';
import { balancers } from './balancers/index.js';
import { dataTerms } from './data-terms/index.js';
import { discriminators } from './discriminators/index.js';
import { AdversarialMethod, adversarialSchema, type AdversarialOptions } from './methods/adversarial.js';
import { kdMethod, kdSchema, l2Method, l2MethodSchema } from './methods/imitation.js';
import { SupervisedMethod, supervisedSchema } from './methods/supervised.js';
import { regularizers } from './regularizers/index.js';

export { labelInversion, saturating } from './adversarial-losses/index.js';
export { fixed, gradientNorm } from './balancers/index.js';
export { klTerm, l2Term } from './data-terms/index.js';
export { MlpDiscriminator } from './discriminators/index.js';
export { AdversarialMethod, adversarialSchema, type AdversarialOptions } from './methods/adversarial.js';
export { ImitationMethod, kdMethod, kdSchema, l2Method, l2MethodSchema } from './methods/imitation.js';
export { SupervisedMethod, supervisedSchema } from './methods/supervised.js';
export { AdversarialSamplesRegularizer, NoRegularizer, WeightNormRegularizer } from './regularizers/index.js';

/** Adversarial compression, what it is compared with, and the parts of its objective. */
export default function methods(): Plugin {
  return definePlugin({
    name: '@anc/methods',
    apiVersion: PLUGIN_API_VERSION,
    methods: {
      adversarial: {
        summary: 'student against discriminator, and the distance of the logits; no labels',
        options: adversarialSchema,
        create: (options: AdversarialOptions, parts: Parts) => new AdversarialMethod(options, parts),
      },
      kd: {
        summary: 'distillation with a temperature; labels only if asked for',
        options: kdSchema,
        create: kdMethod,
      },
      l2: { summary: 'squared distance of the logits; no labels', options: l2MethodSchema, create: l2Method },
      supervised: {
        summary: 'cross-entropy with labels',
        options: supervisedSchema,
        create: (options: ConstructorParameters<typeof SupervisedMethod>[0]) => new SupervisedMethod(options),
      },
    },
    discriminators,
    regularizers,
    dataTerms,
    adversarialLosses,
    balancers,
  });
}

import {
  definePlugin,
  PLUGIN_API_VERSION,
  type Contribution,
  type Method,
  type Parts,
  type Plugin,
} from '@anc/core';
import type { z } from 'zod';
import { adversarialLosses } from './adversarial-losses/index.js';
import { balancers } from './balancers/index.js';
import { dataTerms } from './data-terms/index.js';
import { discriminators } from './discriminators/index.js';
import { AdversarialMethod, adversarialSchema, type AdversarialOptions } from './methods/adversarial.js';
import { AttentionMethod, attentionSchema } from './methods/attention.js';
import { conditionalAdversarial, conditionalAdversarialSchema } from './methods/conditional-adversarial.js';
import { deadDiscriminator, frozenDiscriminator } from './methods/controls.js';
import { FeatureMseMethod, featureMseSchema } from './methods/feature-mse.js';
import { FitNetsMethod, fitnetsSchema } from './methods/fitnets.js';
import { FspMethod, fspSchema } from './methods/fsp.js';
import {
  dkdMethod,
  dkdSchema,
  dropoutNoiseMethod,
  dropoutNoiseSchema,
  kdMethod,
  kdSchema,
  l2Method,
  l2MethodSchema,
} from './methods/imitation.js';
import { SupervisedMethod, supervisedSchema } from './methods/supervised.js';
import { quantizable, QuantizedMethod } from './quantize/quantized-method.js';
import { estimators, type EstimatorName } from './quantize/estimators.js';
import { regularizers } from './regularizers/index.js';

const methodContributions: Readonly<Record<string, Contribution<Method, Parts>>> = {
  adversarial: quantizable({
    summary: 'student against discriminator, and the distance of the logits; no labels',
    options: adversarialSchema,
    create: (options: AdversarialOptions, parts: Parts) => new AdversarialMethod(options, parts),
  }),
  'adversarial-dead': quantizable({
    summary: 'control: adversarial with a discriminator of zeros',
    options: adversarialSchema,
    create: deadDiscriminator,
  }),
  'adversarial-frozen': quantizable({
    summary: 'control: adversarial with a discriminator that is never trained',
    options: adversarialSchema,
    create: frozenDiscriminator,
  }),
  attention: quantizable({
    summary: 'attention transfer beside distillation; labels only if asked for',
    options: attentionSchema,
    create: (options: z.infer<typeof attentionSchema>) => new AttentionMethod(options),
  }),
  'conditional-adversarial': quantizable({
    summary: "adversarial within the class: the teacher's prediction, or the label if asked for",
    options: conditionalAdversarialSchema,
    create: conditionalAdversarial,
  }),
  dkd: quantizable({
    summary: 'decoupled distillation; labels only if asked for',
    options: dkdSchema,
    create: dkdMethod,
  }),
  'dropout-noise': quantizable({
    summary: 'control: the data term with dropout inside the student, no discriminator',
    options: dropoutNoiseSchema,
    create: dropoutNoiseMethod,
  }),
  'feature-mse': quantizable({
    summary: 'control: paired feature regression beside the data term; no labels',
    options: featureMseSchema,
    create: (options: z.infer<typeof featureMseSchema>, parts) => new FeatureMseMethod(options, parts),
  }),
  fitnets: quantizable({
    summary: 'a hint to a middle layer, then distillation with labels',
    options: fitnetsSchema,
    create: (options: z.infer<typeof fitnetsSchema>) => new FitNetsMethod(options),
  }),
  fsp: quantizable({
    summary: 'flow matrices between layers, then labels',
    options: fspSchema,
    create: (options: z.infer<typeof fspSchema>) => new FspMethod(options),
  }),
  kd: quantizable({
    summary: 'distillation with a temperature; labels only if asked for',
    options: kdSchema,
    create: kdMethod,
  }),
  l2: quantizable({
    summary: 'squared distance of the logits; no labels',
    options: l2MethodSchema,
    create: l2Method,
  }),
  supervised: quantizable({
    summary: 'cross-entropy with labels',
    options: supervisedSchema,
    create: (options: z.infer<typeof supervisedSchema>) => new SupervisedMethod(options),
  }),
  ...Object.fromEntries(
    (Object.keys(estimators) as EstimatorName[]).map((name) => [
      name,
      {
        summary: `labels and few-valued weights: ${name}`,
        options: supervisedSchema,
        create: (options: z.infer<typeof supervisedSchema>) =>
          new QuantizedMethod(new SupervisedMethod(options, name), estimators[name]()),
      },
    ]),
  ),
};

/** Adversarial compression, what it is compared with, and the parts of its objective. */
export default function methods(): Plugin {
  return definePlugin({
    name: '@anc/methods',
    apiVersion: PLUGIN_API_VERSION,
    methods: methodContributions,
    discriminators,
    regularizers,
    dataTerms,
    adversarialLosses,
    balancers,
  });
}

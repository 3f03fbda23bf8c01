import {
  definePlugin,
  PLUGIN_API_VERSION,
  type Contribution,
  type Method,
  type Parts,
  type Plugin,
} from '@anc/core';
import { builtinOptimizers, builtinSchedules } from '@anc/core/internal';
import type { z } from 'zod';
import { adversarialLosses } from './adversarial-losses/index.js';
import { balancers } from './balancers/index.js';
import { dataTerms } from './data-terms/index.js';
import { discrepancies } from './discrepancies/index.js';
import { discriminators } from './discriminators/index.js';
import { generatorTerms } from './generator-terms/index.js';
import { generators } from './generators/index.js';
import { memories } from './memories/index.js';
import {
  catMethod,
  catSchema,
  crdMethod,
  crdSchema,
  hintMethod,
  hintSchema,
  pktMethod,
  pktMethodSchema,
  reviewMethod,
  reviewSchema,
  rkdMethod,
  rkdMethodSchema,
  spMethod,
  spSchema,
} from './methods/added-term.js';
import { AdversarialMethod, adversarialSchema, type AdversarialOptions } from './methods/adversarial.js';
import { AttentionMethod, attentionSchema } from './methods/attention.js';
import { conditionalAdversarial, conditionalAdversarialSchema } from './methods/conditional-adversarial.js';
import { cooperativeDiscriminator, deadDiscriminator, frozenDiscriminator } from './methods/controls.js';
import {
  dataFreeControls,
  DataFreeMethod,
  dataFreeSchema,
  type DataFreeOptions,
} from './methods/data-free.js';
import {
  distMethod,
  distMethodSchema,
  dkdMethod,
  dkdMethodSchema,
  dropoutNoiseMethod,
  dropoutNoiseSchema,
  kdMethod,
  kdSchema,
  l2Method,
  l2MethodSchema,
} from './methods/distillation.js';
import { FeatureMseMethod, featureMseSchema } from './methods/feature-mse.js';
import {
  fewImagesSchema,
  FewImagesMethod,
  imagesAloneSchema,
  ImagesAloneMethod,
  type FewImagesOptions,
  type ImagesAloneOptions,
} from './methods/few-images.js';
import { FitNetsMethod, fitnetsSchema } from './methods/fitnets.js';
import { FspMethod, fspSchema } from './methods/fsp.js';
import {
  HardExamplesMethod,
  hardExamplesSchema,
  randomExamples,
  randomExamplesSchema,
  type HardExamplesOptions,
} from './methods/hard-examples.js';
import { SupervisedMethod, supervisedSchema } from './methods/supervised.js';
import { estimators, type EstimatorName } from './quantize/estimators.js';
import { quantizable, QuantizedMethod } from './quantize/quantized-method.js';
import { regularizers } from './regularizers/index.js';
import { tasks } from './tasks/index.js';

const QUANTIZED_SUMMARIES: Readonly<Record<EstimatorName, string>> = {
  ttq: 'ternary weights {-W_n, 0, W_p} with trained levels, cross-entropy with labels (Zhu 2017)',
  binaryconnect: 'binary weights ±H, cross-entropy with labels (Courbariaux 2015)',
  bwn: 'binary weights ±α per filter, cross-entropy with labels (Rastegari 2016)',
  xnor: 'binary weights ±α per filter and binary inputs, cross-entropy with labels (Rastegari 2016)',
};

const methodContributions: Readonly<Record<string, Contribution<Method, Parts>>> = {
  adversarial: quantizable({
    summary: 'adversarial network compression: data term and discriminator; no labels (Belagiannis 2018)',
    options: adversarialSchema,
    create: (options: AdversarialOptions, parts: Parts) => new AdversarialMethod(options, parts),
  }),
  'adversarial-cooperative': quantizable({
    summary: 'control: adversarial with a student that helps the discriminator (MEAL, Shen 2019)',
    options: adversarialSchema,
    create: cooperativeDiscriminator,
  }),
  'adversarial-dead': quantizable({
    summary: 'control: adversarial with a discriminator whose weights stay zero',
    options: adversarialSchema,
    create: deadDiscriminator,
  }),
  'adversarial-frozen': quantizable({
    summary: 'control: adversarial with a random discriminator that is never trained',
    options: adversarialSchema,
    create: frozenDiscriminator,
  }),
  attention: quantizable({
    summary: 'attention maps and distillation; labels optional (Zagoruyko & Komodakis 2017)',
    options: attentionSchema,
    create: (options: z.infer<typeof attentionSchema>) => new AttentionMethod(options),
  }),
  cat: quantizable({
    summary: 'class maps, and distillation; labels optional (Guo 2023)',
    options: catSchema,
    create: catMethod,
  }),
  'conditional-adversarial': quantizable({
    summary: 'adversarial with a discriminator conditioned on the class; labels optional (Xu 2018)',
    options: conditionalAdversarialSchema,
    create: conditionalAdversarial,
  }),
  crd: quantizable({
    summary: 'contrast of embeddings within the batch, and distillation; labels optional (Tian 2020)',
    options: crdSchema,
    create: crdMethod,
  }),
  'data-free': quantizable({
    summary:
      'no images: a generator is trained against the student through the frozen teacher (DFAD, Fang 2019)',
    options: dataFreeSchema,
    create: (options: DataFreeOptions, parts: Parts) => new DataFreeMethod(options, parts),
  }),
  'data-free-non-adversarial': quantizable({
    summary: 'control: data-free with a generator that minimizes its terms alone (DAFL, Chen 2019)',
    options: dataFreeSchema,
    create: dataFreeControls.nonAdversarial,
  }),
  'data-free-noise': quantizable({
    summary: 'control: data-free with images of noise',
    options: dataFreeSchema,
    create: dataFreeControls.noise,
  }),
  'data-free-untrained': quantizable({
    summary: 'control: data-free with a generator that is never trained',
    options: dataFreeSchema,
    create: dataFreeControls.untrained,
  }),
  dist: quantizable({
    summary: 'correlations between classes and between images; labels optional (Huang 2022)',
    options: distMethodSchema,
    create: distMethod,
  }),
  dkd: quantizable({
    summary: 'decoupled knowledge distillation; labels optional (Zhao 2022)',
    options: dkdMethodSchema,
    create: dkdMethod,
  }),
  'dropout-noise': quantizable({
    summary: 'control: data term with dropout inside the student, no discriminator; no labels',
    options: dropoutNoiseSchema,
    create: dropoutNoiseMethod,
  }),
  'feature-mse': quantizable({
    summary: 'control: data term and squared distance of the features; no labels',
    options: featureMseSchema,
    create: (options: z.infer<typeof featureMseSchema>, parts) => new FeatureMseMethod(options, parts),
  }),
  'few-images': quantizable({
    summary: 'few images, or images of another domain, and half generated ones as in data-free; no labels',
    options: fewImagesSchema,
    create: (options: FewImagesOptions, parts: Parts) => new FewImagesMethod(options, parts),
  }),
  'few-images-alone': quantizable({
    summary: 'control: few-images without the generator',
    options: imagesAloneSchema,
    create: (options: ImagesAloneOptions, parts: Parts) => new ImagesAloneMethod(options, parts),
  }),
  'few-images-hard': quantizable({
    summary:
      'few images, and hard examples around them, on which student and teacher differ most (PGD, Madry 2018); no labels',
    options: hardExamplesSchema,
    create: (options: HardExamplesOptions, parts: Parts) => new HardExamplesMethod(options, parts),
  }),
  'few-images-random': quantizable({
    summary: 'control: few-images-hard with random changes of the same size',
    options: randomExamplesSchema,
    create: randomExamples,
  }),
  fitnets: quantizable({
    summary: 'hint to a middle layer, then distillation with labels (Romero 2015)',
    options: fitnetsSchema,
    create: (options: z.infer<typeof fitnetsSchema>) => new FitNetsMethod(options),
  }),
  fsp: quantizable({
    summary: 'flow matrices between layers, then cross-entropy with labels (Yim 2017)',
    options: fspSchema,
    create: (options: z.infer<typeof fspSchema>) => new FspMethod(options),
  }),
  hint: quantizable({
    summary: 'a middle layer by a regressor, and distillation, in one stage; labels optional (Romero 2015)',
    options: hintSchema,
    create: hintMethod,
  }),
  kd: quantizable({
    summary: 'knowledge distillation with a temperature; labels optional (Hinton 2015)',
    options: kdSchema,
    create: kdMethod,
  }),
  l2: quantizable({
    summary: 'squared distance of the logits; no labels (Ba & Caruana 2014)',
    options: l2MethodSchema,
    create: l2Method,
  }),
  pkt: quantizable({
    summary: 'neighbors within the batch, and distillation; labels optional (Passalis & Tefas 2018)',
    options: pktMethodSchema,
    create: pktMethod,
  }),
  reviewkd: quantizable({
    summary: 'fusions of levels of features, and distillation; labels optional (Chen 2021)',
    options: reviewSchema,
    create: reviewMethod,
  }),
  rkd: quantizable({
    summary: 'distances and angles within the batch, and distillation; labels optional (Park 2019)',
    options: rkdMethodSchema,
    create: rkdMethod,
  }),
  sp: quantizable({
    summary: 'similarities within the batch, and distillation; labels optional (Tung & Mori 2019)',
    options: spSchema,
    create: spMethod,
  }),
  supervised: quantizable({
    summary: 'cross-entropy with labels, no teacher',
    options: supervisedSchema,
    create: (options: z.infer<typeof supervisedSchema>) => new SupervisedMethod(options),
  }),
  ...Object.fromEntries(
    (Object.keys(estimators) as EstimatorName[]).map((name) => [
      name,
      {
        summary: QUANTIZED_SUMMARIES[name],
        options: supervisedSchema,
        create: (options: z.infer<typeof supervisedSchema>) =>
          new QuantizedMethod(new SupervisedMethod(options, name), estimators[name]()),
      },
    ]),
  ),
};

/** Adversarial compression, the methods it is compared with, and the parts of its objective. */
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
    generators,
    discrepancies,
    generatorTerms,
    memories,
    tasks,
    optimizers: builtinOptimizers,
    schedules: builtinSchedules,
  });
}

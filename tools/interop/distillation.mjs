/**
 * Terms of distillation methods against torchdistill's losses, values and gradients: what its modules return for the same
 * tensors, in PyTorch (distillation-reference.py). Contrast within the batch and the hint's regressor, which torchdistill
 * does not have, are compared with their equations in PyTorch, class maps with those of CAT-KD's code.
 *
 *   node tools/interop/distillation.mjs
 *
 * ANC_PYTHON: an interpreter that has torch and torchdistill; else one of its own is made, for which pip loads all of it.
 */
import { readFileSync } from 'node:fs';
import { Rng } from '@anc/core';
import methodsPlugin from '@anc/methods';
import * as tf from '@tensorflow/tfjs-core';
import { fromSource } from '../build/from-source.mjs';
import { pythonWith } from '../ci/python.mjs';
import { normal, temporaryFolder, text, worstDifference } from './recorded-objectives.mjs';

const { attentionMaps } = await fromSource('methods/src/terms/attention-maps.ts');
const { classMapsTerm } = await fromSource('methods/src/terms/class-maps.ts');
const { contrastTerm } = await fromSource('methods/src/terms/contrast.ts');
const { pairedFeatures } = await fromSource('methods/src/terms/paired-features.ts');
const { hierarchicalContext, reviewTerm } = await fromSource('methods/src/terms/review.ts');

/** Relative to the largest entry. RKD's angles are products of differences, which float32 rounds a little more. */
const LIMIT = 5e-5;
const BATCH = 12;
const { dataTerms } = methodsPlugin();

/** @type {import('./recorded-objectives.mjs').Case[]} */
const cases = [];

for (const [name, options, scale = 1] of [
  ['dist', {}],
  ['dist', { temperature: 4, beta: 2, gamma: 0.5 }, 4],
  ['rkd', {}],
  ['rkd', { distance: 1, angle: 2, output: 'map' }],
  ['pkt', {}],
  ['similarity', { output: 'map' }],
  ['standardized', { temperature: 2, deviation: 'sample' }],
]) {
  const { options: schema, create } = dataTerms[name];
  const term = create(schema.parse(options));
  const { output = 'features' } = schema.parse(options);
  const shapes = {
    features: [[7], [5]],
    map: [
      [6, 6, 3],
      [4, 4, 5],
    ],
  }[output];
  cases.push({
    name: text(name, options),
    call: [name, { ...schema.parse(options), output }],
    inputs: {
      's/logits': normal('s/logits', [BATCH, 10], 2 * scale),
      't/logits': normal('t/logits', [BATCH, 10], 2 * scale),
      [`s/${output}`]: normal(`s/${output}`, [BATCH, ...shapes[0]]),
      [`t/${output}`]: normal(`t/${output}`, [BATCH, ...shapes[1]]),
    },
    trained: ['s/logits', `s/${output}`],
    compute: (x) =>
      term.loss(x['s/logits'], x['t/logits'], {
        student: { logits: x['s/logits'], [output]: x[`s/${output}`] },
        teacher: { logits: x['t/logits'], [output]: x[`t/${output}`] },
      }),
  });
}

const pairOf = ([name, studentShape, teacherShape]) => ({
  student: name,
  teacher: name,
  studentShape,
  teacherShape,
});

const training = { training: true, noise: () => undefined, activation: (_name, x) => x };

/** A term with layers of its own, whose parameters are inputs like the features. */
function addTerm(name, options, term, pairs) {
  const layers = Object.entries(term.auxiliaryLayers ?? {});
  const variables = layers.map(([layer, { layer: built, input }]) => {
    const { params, stats } = built.init(Rng.fromSeed(3).split(layer), input);
    return [layer, params, stats];
  });
  const params = Object.fromEntries(
    variables.flatMap(([layer, own]) =>
      Object.entries(own).map(([key, { shape }]) => {
        const gamma = key.endsWith('gamma');
        const value = normal(`${layer}/${key}`, shape, 0.3);
        return [`p/${layer}/${key}`, gamma ? { shape, data: value.data.map((one) => 1 + one) } : value];
      }),
    ),
  );
  const inputs = Object.fromEntries(
    pairs.flatMap(([tap, own, wanted]) => [
      [`s/${tap}`, normal(`s/${tap}`, [BATCH, ...own])],
      [`t/${tap}`, normal(`t/${tap}`, [BATCH, ...wanted])],
    ]),
  );
  const taps = pairs.map(([tap]) => tap);
  cases.push({
    name: text(name, options),
    call: [name, { ...options, taps }],
    inputs: { ...inputs, ...params },
    trained: [...taps.map((tap) => `s/${tap}`), ...Object.keys(params)],
    compute: (x) =>
      term.loss({
        outputs: Object.fromEntries(taps.map((tap) => [tap, x[`s/${tap}`]])),
        batch: Object.fromEntries(taps.map((tap) => [`teacher/${tap}`, x[`t/${tap}`]])),
        auxiliary(layer, at) {
          const [, own, stats] = variables.find(([one]) => one === layer);
          const given = Object.fromEntries(Object.keys(own).map((key) => [key, x[`p/${layer}/${key}`]]));
          const running = Object.fromEntries(
            Object.entries(stats).map(([key, { shape }]) => [key, tf.zeros(shape)]),
          );
          return term.auxiliaryLayers[layer].layer.apply({ params: given, stats: running }, at, training)
            .output;
        },
      }),
  });
}

const maps = [
  ['early', [8, 8, 3], [8, 8, 4]],
  ['late', [4, 4, 5], [4, 4, 6]],
];
addTerm('attention', {}, attentionMaps(maps.map(pairOf)), maps);
const uneven = [
  ['early', [8, 8, 3], [4, 4, 4]],
  ['late', [3, 3, 5], [7, 7, 6]],
];
addTerm('attention', { uneven: true }, attentionMaps(uneven.map(pairOf)), uneven);

const levels = [...maps, ['features', [7], [9]]];
addTerm('review', {}, reviewTerm(levels.map(pairOf)), levels);

const contrast = { embedding: 6, contrastTemperature: 0.07 };
const vectors = ['features', [7], [9]];
addTerm('contrast', contrast, contrastTerm(pairOf(vectors), contrast), [vectors]);

for (const [own, wanted] of [
  [
    [6, 6, 3],
    [6, 6, 4],
  ],
  [
    [8, 8, 3],
    [4, 4, 5],
  ],
  [
    [8, 8, 3],
    [6, 6, 4],
  ],
  [
    [4, 4, 3],
    [7, 7, 4],
  ],
]) {
  const pair = ['late', own, wanted];
  addTerm('hint', { own, wanted }, pairedFeatures(pairOf(pair), 'regressor'), [pair]);
}

for (const [own, wanted, side] of [
  [[8, 8, 5], [8, 8, 5], 2],
  [[7, 7, 5], [4, 4, 5], 3],
]) {
  const pair = ['maps', own, wanted];
  addTerm('class-maps', { side }, classMapsTerm(pairOf(pair), side), [pair]);
}

for (const side of [1, 3, 8]) {
  const shape = [BATCH, side, side, 3];
  cases.push({
    name: `hierarchical context of ${side} × ${side}`,
    call: ['hierarchical-context', { taps: ['map'] }],
    inputs: { 's/map': normal('s/map', shape), 't/map': normal('t/map', shape) },
    trained: ['s/map'],
    compute: (x) => hierarchicalContext(x['s/map'], x['t/map']),
  });
}

const folder = temporaryFolder('anc-distillation-');
const requirements = [
  'numpy==2.2.6',
  'torch==2.9.1',
  'torchvision==0.24.1',
  'torchdistill==1.1.4',
  'safetensors==0.6.2',
];
const worst = await worstDifference(cases, {
  folder,
  python: pythonWith(folder, requirements),
  script: readFileSync(new URL('distillation-reference.py', import.meta.url), 'utf8'),
  limit: LIMIT,
});
console.log(
  `${cases.length} terms agree with torchdistill and PyTorch in value and gradients: max|Δ| / max|x| ≤ ${worst.toExponential(1)}`,
);

import { describe, expect, it } from 'vitest';
import * as publicIndex from './index.js';
import * as internalIndex from './internal.js';

/** Every name is a promise to plugins: add one on purpose. */
const PUBLIC = [
  ...['AncError', 'Backend', 'Dataset', 'Discriminator', 'EagerBackend', 'LayeredClassifier', 'Method'],
  ...['PLUGIN_API_VERSION', 'Regularizer', 'Rng', 'Student', 'Teacher', 'adam', 'adversarialPhases'],
  ...[
    'adversarialStep',
    'avgPool',
    'batchNorm',
    'binaryCrossEntropy',
    'blockingExchangeByAllReduce',
    'contribution',
    'conv2d',
    'createOptimizer',
  ],
  ...[
    'definePlugin',
    'dense',
    'depthwiseConv2d',
    'differentiableRankMean',
    'drawNoise',
    'exchangeByAllReduce',
    'filled',
    'flatten',
    'globalAveragePool',
  ],
  ...[
    'glorotNormal',
    'glorotUniform',
    'gradientAt',
    'hardExampleStep',
    'heNormal',
    'isAncError',
    'mapTree',
    'maxPool',
  ],
  ...['mergeTrees', 'modelInputError', 'modelNames', 'modelStateOf', 'namesOf', 'noiseName'],
  ...['normalizedNetwork', 'operandOf', 'optimizerConfigSchema', 'padChannels', 'padImage', 'phasesOf'],
  ...['playPhases', 'prefixTree', 'rateAt', 'relu', 'relu6', 'residual', 'sequential', 'sgd', 'sizeOf'],
  ...['softmaxCrossEntropy', 'specOf', 'squaredDistance', 'stateless', 'stopGradient', 'subtree', 'tap'],
  ...['temperatureKl', 'termStep', 'toStateEntries', 'train', 'valueAndGradients'],
  // Methods with a generator
  ...[
    'Generator',
    'dataFreePhases',
    'dataFreeStep',
    'generatedImages',
    'initDataFreeState',
    'teacherEntries',
  ],
  // Methods with networks, optimizers and tasks of their own
  ...['LayeredNetwork', 'addDecayedWeights', 'adversarialAuxiliaryLayers'],
  ...['adversarialStudentPhase', 'applyOptimizer', 'chain', 'classification'],
  ...['clipByGlobalNorm', 'dataTermLoss', 'discriminatorPhase', 'elementwise', 'globalNorm'],
  ...['initRegularizerMemories', 'isMixing', 'learningRateOf', 'masked', 'optimizerOf'],
  ...['scaleByAdam', 'scaleByLearningRate', 'scaleByLocalRate', 'scaleByRms'],
  ...['scaleBySumOfSquares', 'scaleByTrustRatio', 'scheduleOf', 'studentPhase', 'targetsOf'],
  ...['trace', 'trainableParams', 'withSlots'],
];

/** Names of earlier versions, for published plugins. */
const DEPRECATED = ['recipeChangesSchema', 'recipeSchema'];

describe('the public index', () => {
  it('exports these names and no others', () => {
    expect(Object.keys(publicIndex).sort()).toEqual([...PUBLIC, ...DEPRECATED].sort());
  });

  it('shares no name with the internal one', () => {
    expect(Object.keys(internalIndex).filter((name) => name in publicIndex)).toEqual([]);
  });
});

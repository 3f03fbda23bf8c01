import {
  adam,
  adversarialStep,
  asState,
  batchNorm,
  binaryCrossEntropy,
  conv2d,
  dense,
  depthwiseConv2d,
  Discriminator,
  filled,
  flatten,
  globalAveragePool,
  LayeredClassifier,
  mapTree,
  maxPool,
  playerNames,
  prefixTree,
  relu,
  Regularizer,
  relu6,
  residual,
  Rng,
  sequential,
  sgd,
  specOf,
  squaredDistance,
  standardised,
  softmaxCrossEntropy,
  tap,
  temperatureKl,
  termStep,
  type Applied,
  type Backend,
  type Balancer,
  type ClassifierOutputs,
  type Context,
  type DataTerm,
  type DiscriminatorOutputs,
  type Game,
  type Host,
  type Inputs,
  type Layer,
  type LayerSummary,
  type Network,
  type Optimizer,
  type RegularizerView,
  type Step,
  type Term,
  type Tree,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

const IMAGE = [6, 6, 2] as const;
const CLASSES = 3;
const FEATURES = 5;
const BATCH = 4;

/** A step with everything that it takes to run it. */
export interface ToyGame {
  readonly name: string;
  readonly step: Step;
  readonly phases: readonly string[];
  /** State entries whose gradient is zero by algebra: rounding is all that moves them. */
  readonly still: readonly string[];
  initial(): Tree<Host>;
  inputs(step: number): Inputs;
}

/** A small fully connected D that takes features. [B, d] -> [B, 1]. */
class SmallDiscriminator extends Discriminator {
  readonly name = 'small';
  readonly #layers = sequential('small', [
    dense('hidden1', { units: 7 }),
    relu('relu1'),
    dense('hidden2', { units: 6 }),
    relu('relu2'),
    dense('output', { units: 1 }),
  ]);

  init(rng: Rng, input: readonly number[]): Variables<Host> {
    return this.#layers.init(rng, input);
  }

  apply(variables: Variables, x: Tensor, context: Context): Applied<DiscriminatorOutputs> {
    const { output, stats } = this.#layers.apply(variables, x, context);
    return { outputs: { logits: output }, stats };
  }

  summary(input: readonly number[]): readonly LayerSummary[] {
    return this.#layers.summary(input);
  }
}

const head: readonly Layer[] = [tap('features'), dense('logits', { units: CLASSES })];

const classifier = (name: string, layers: readonly Layer[]) =>
  standardised(new LayeredClassifier(name, CLASSES, [...layers, ...head]), {
    mean: [120, 130],
    std: [60, 70],
  });

const plain = classifier('plain', [
  conv2d('conv1', { size: 3, filters: 4, padding: 'valid' }),
  relu('relu1'),
  maxPool('pool', { size: 2 }),
  flatten('flatten'),
  dense('hidden', { units: FEATURES }),
  relu('relu2'),
]);

/** Its first convolution has a bias that batch norm takes off again. */
const normalised = classifier('normalised', [
  conv2d('conv', { size: 3, filters: 4 }),
  residual('block', {
    before: [batchNorm('norm1'), relu('relu1')],
    branch: [
      conv2d('conv1', { size: 3, filters: FEATURES, stride: 2, bias: false }),
      batchNorm('norm2'),
      relu('relu2'),
      conv2d('conv2', { size: 3, filters: FEATURES, bias: false }),
    ],
    shortcut: [conv2d('shortcut', { size: 1, filters: FEATURES, stride: 2, bias: false })],
  }),
  batchNorm('norm'),
  relu('relu'),
  globalAveragePool('pool'),
]);

const separable = classifier('separable', [
  conv2d('conv', { size: 3, filters: 4, stride: 2, bias: false }),
  batchNorm('norm1'),
  relu6('relu1'),
  depthwiseConv2d('depthwise', { size: 3 }), // batch norm here would make the first one's scale without effect
  relu6('relu2'),
  depthwiseConv2d('strided', { size: 3, stride: 2 }),
  conv2d('pointwise', { size: 1, filters: FEATURES }),
  relu('relu3'),
  globalAveragePool('pool'),
]);

const l2Term: DataTerm = { name: 'l2', loss: (student, teacher) => squaredDistance(student, teacher) };
const klTerm: DataTerm = { name: 'kl', loss: (student, teacher) => temperatureKl(student, teacher, 4) };
/** Eq. 7. */
class Samples extends Regularizer {
  readonly name = 'samples';

  penalty({ onStudent }: RegularizerView): Scalar {
    return binaryCrossEntropy(onStudent, 1);
  }
}

/** Eq. 5 and 6 at once, small. */
class WeightNorm extends Regularizer {
  readonly name = 'weight norm';

  penalty({ params }: RegularizerView): Scalar {
    const norms = Object.values(params).map((param) =>
      tf.add<Scalar>(tf.sum(tf.square(param)), tf.sum(tf.abs(param))),
    );
    return tf.mul(
      norms.reduce((sum, term) => tf.add(sum, term)),
      1e-3,
    );
  }
}

const fixedWeight: Balancer = { name: 'fixed', memory: {}, weight: () => tf.scalar(1), next: () => ({}) };
const remembering: Balancer = {
  name: 'remembering',
  memory: { ratio: 1 },
  weight: ({ ratio }) => tf.minimum(tf.mul(ratio!, 0.2), 3),
  next: ({ ratio }, { data, adversarial }) => ({
    ratio: tf.add(
      tf.mul(ratio!, 0.9),
      tf.mul(tf.minimum(tf.div(data, tf.maximum(adversarial, 1e-6)), 20), 0.1),
    ),
  }),
};

const base = {
  critics: [
    {
      name: playerNames.discriminator,
      discriminator: new SmallDiscriminator(),
      input: 'features',
      weight: 1,
    },
  ],
  condition: 'teacher',
  dataTerm: l2Term,
  adversarialLoss: {
    name: 'label inversion',
    discriminator: (t: Tensor, s: Tensor) => tf.add(binaryCrossEntropy(t, 1), binaryCrossEntropy(s, 0)),
    student: (s: Tensor) => binaryCrossEntropy(s, 1),
  },
  regularizers: [new Samples()],
  regularizerUpdate: 'joint',
  balancer: fixedWeight,
  dropout: { rate: 0.5, position: 'adversarial-sample' },
} as const satisfies Partial<Game>;

const both = (optimizer: Optimizer) => ({ student: optimizer, discriminator: optimizer });
const decay = { rate: 1e-3, scope: 'weights' } as const;

/** Bytes, labels and a teacher's word, drawn anew for every step. */
function batchOf(step: number): Tree<Host> {
  const rng = Rng.fromSeed(23).split('batch', step);
  const [pixels, told] = [rng.split('pixels'), rng.split('teacher')];
  return {
    images: {
      shape: [BATCH, ...IMAGE],
      data: Uint8Array.from({ length: BATCH * IMAGE[0] * IMAGE[1] * IMAGE[2] }, () => pixels.int(256)),
    },
    labels: { shape: [BATCH], data: Int32Array.from({ length: BATCH }, () => rng.int(CLASSES)) },
    'teacher/logits': {
      shape: [BATCH, CLASSES],
      data: Float32Array.from({ length: BATCH * CLASSES }, () => 2 * told.normal()),
    },
    'teacher/features': {
      shape: [BATCH, FEATURES],
      data: Float32Array.from({ length: BATCH * FEATURES }, () => Math.abs(told.normal())),
    },
  };
}

interface Cast {
  readonly name: string;
  readonly step: Step;
  readonly student: Network<ClassifierOutputs>;
  readonly optimizer: Optimizer;
  /** Left out where the student plays alone, with labels. */
  readonly opponent?: { readonly discriminator: Discriminator; readonly memory: Tree<number> };
  readonly phases?: readonly string[];
  readonly learningRate: number;
  readonly still?: readonly string[];
}

function toyGame(cast: Cast): ToyGame {
  const { name, step, optimizer, opponent, learningRate } = cast;
  return {
    name,
    step,
    still: cast.still ?? [],
    phases: cast.phases ?? step.phases.map((phase) => phase.name),
    initial() {
      const rng = Rng.fromSeed(29);
      const player = (who: string, variables: Variables<Host>): Tree<Host> =>
        asState(who, { ...variables, slots: optimizer.init(variables.params) });
      const student = player(playerNames.student, cast.student.init(rng.split('student'), IMAGE));
      if (opponent === undefined) return student;
      const variables = opponent.discriminator.init(rng.split('discriminator'), [FEATURES]);
      return {
        ...student,
        ...player(playerNames.discriminator, variables),
        ...prefixTree(
          'balancer',
          mapTree(opponent.memory, (value) => filled([], value)),
        ),
      };
    },
    inputs(at): Inputs {
      const { images, labels, ...told } = batchOf(at);
      const alone: Tree<Host> = { images: images!, labels: labels! };
      return {
        batch: opponent === undefined ? alone : { images: images!, ...told },
        hyper: {
          'student/learningRate': learningRate / (1 + at / 8),
          ...(opponent === undefined
            ? { 'weight/labels': 1 }
            : { lambda: 1, adversarial: 1, 'discriminator/learningRate': learningRate }),
        },
        noise: { seed: 31, step: at },
      };
    },
  };
}

/** A student alone, with labels. */
function withLabels(name: string, student: Network<ClassifierOutputs>, rest: Partial<Cast> = {}): ToyGame {
  const optimizer = sgd({ momentum: 0.9, nesterov: true });
  const term: Term = {
    name: 'labels',
    id: 'cross-entropy',
    teacherOutputs: [],
    usesLabels: true,
    loss: ({ outputs, batch }) => softmaxCrossEntropy(outputs.logits, batch.labels!),
  };
  const step = termStep({ student, optimizer, terms: [term] });
  return toyGame({ name, step, student, optimizer, learningRate: 0.01, ...rest });
}

function adversarial(name: string, game: Game, learningRate: number, rest: Partial<Cast> = {}): ToyGame {
  return toyGame({
    name,
    step: adversarialStep(game),
    student: game.student,
    optimizer: game.optimizers.student,
    opponent: { discriminator: game.critics[0]!.discriminator, memory: game.balancer.memory },
    learningRate,
    ...rest,
  });
}

const momentum = sgd({ momentum: 0.9, decay: { ...decay, mode: 'l2' } });
const nesterov = sgd({ momentum: 0.9, nesterov: true, decay: { ...decay, mode: 'l2' } });
const adamW = adam({ decay: { ...decay, mode: 'decoupled' } });

const plainGame: Game = { ...base, student: plain, optimizers: both(momentum) };
const normalisedGame: Game = { ...base, student: normalised, optimizers: both(nesterov), dataTerm: klTerm };

/** Few operations, so that many steps are cheap even where each operation is not. */
export const lightToy = withLabels(
  'dense',
  classifier('dense', [flatten('flatten'), dense('hidden', { units: FEATURES }), relu('relu')]),
);

/** The smallest one: for laws that any step must keep. */
export const plainToy = adversarial('convolution, pooling, momentum, Eq. 7', plainGame, 0.01);

/** Whole games, between them every part of the objective, layer and optimiser. */
export const toyGames: readonly ToyGame[] = [
  plainToy,
  adversarial('residual batch norm, Nesterov, temperature KL, D moves twice', normalisedGame, 0.005, {
    phases: ['discriminator', 'student', 'discriminator'],
    still: ['student/params/conv/bias', 'student/slots/velocity/conv/bias'],
  }),
  adversarial(
    'depthwise, ReLU6, Adam, weight norms in an update of their own, a balancer that remembers, dropout inside',
    {
      ...base,
      student: separable,
      optimizers: both(adamW),
      regularizers: [new WeightNorm()],
      regularizerUpdate: 'separate',
      balancer: remembering,
      dropout: { rate: 0.5, position: 'inside-student' },
    },
    0.002,
  ),
  withLabels('labels', normalised, {
    still: ['student/params/conv/bias', 'student/slots/velocity/conv/bias'],
  }),
];

/** What `steps` updates leave of a game on a backend. */
export async function play(
  backend: Backend,
  game: ToyGame,
  steps: number,
  from: { readonly state: Tree<Host>; readonly step: number } = { state: game.initial(), step: 0 },
): Promise<{ readonly state: Tree<Host>; readonly metrics: Tree<number> }> {
  const compiled = await compileGame(backend, game);
  const held = await backend.upload(from.state);
  for (let i = 0; i < steps; i++) await compiled.run(held, game.inputs(from.step + i));
  const metrics = await compiled.metrics();
  const state = await held.read();
  await compiled.dispose();
  await held.dispose();
  return { state, metrics };
}

export const compileGame = (backend: Backend, game: ToyGame) =>
  backend.compile(game.step, {
    state: mapTree(game.initial(), specOf),
    batch: mapTree(game.inputs(0).batch, specOf),
    hyper: Object.keys(game.inputs(0).hyper),
    phases: game.phases,
  });

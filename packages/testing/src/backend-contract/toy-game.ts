import {
  adam,
  adversarialStep,
  toStateEntries,
  binaryCrossEntropy,
  dense,
  type Discriminator,
  filled,
  flatten,
  mapTree,
  modelNames,
  prefixTree,
  relu,
  Rng,
  sgd,
  specOf,
  softmaxCrossEntropy,
  termStep,
  type Backend,
  type ClassifierOutputs,
  type AdversarialSetup,
  type HostTensor,
  type Inputs,
  type Network,
  type Optimizer,
  type Step,
  type Term,
  type Tree,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { fixedWeight, klTerm, l2Term, remembering, Samples, WeightNorm } from './toy-parts.js';
import {
  CLASSES,
  classifier,
  FEATURES,
  IMAGE,
  normalised,
  plain,
  separable,
  SmallDiscriminator,
} from './toy-players.js';

const BATCH = 4;

/** A step with everything that it takes to run it. */
export interface ToyGame {
  readonly name: string;
  readonly step: Step;
  readonly phases: readonly string[];
  /** State entries whose gradient is zero by algebra: rounding is all that moves them. */
  readonly still: readonly string[];
  initial(): Tree<HostTensor>;
  inputs(step: number): Inputs;
}

const base = {
  discriminators: [
    {
      name: modelNames.discriminator,
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
} as const satisfies Partial<AdversarialSetup>;

const both = (optimizer: Optimizer) => ({ student: optimizer, discriminator: optimizer });
const decay = { rate: 1e-3, scope: 'weights' } as const;

/** Bytes, labels and a teacher's word, drawn anew for every step. */
function batchOf(step: number): Tree<HostTensor> {
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
      const player = (who: string, variables: Variables<HostTensor>): Tree<HostTensor> =>
        toStateEntries(who, { ...variables, slots: optimizer.init(variables.params) });
      const student = player(modelNames.student, cast.student.init(rng.split('student'), IMAGE));
      if (opponent === undefined) return student;
      const variables = opponent.discriminator.init(rng.split('discriminator'), [FEATURES]);
      return {
        ...student,
        ...player(modelNames.discriminator, variables),
        ...prefixTree(
          'balancer',
          mapTree(opponent.memory, (value) => filled([], value)),
        ),
      };
    },
    inputs(at): Inputs {
      const { images, labels, ...told } = batchOf(at);
      const alone: Tree<HostTensor> = { images: images!, labels: labels! };
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

function adversarial(
  name: string,
  game: AdversarialSetup,
  learningRate: number,
  rest: Partial<Cast> = {},
): ToyGame {
  return toyGame({
    name,
    step: adversarialStep(game),
    student: game.student,
    optimizer: game.optimizers.student,
    opponent: { discriminator: game.discriminators[0]!.discriminator, memory: game.balancer.memory },
    learningRate,
    ...rest,
  });
}

const momentum = sgd({ momentum: 0.9, decay: { ...decay, mode: 'l2' } });
const nesterov = sgd({ momentum: 0.9, nesterov: true, decay: { ...decay, mode: 'l2' } });
const adamW = adam({ decay: { ...decay, mode: 'decoupled' } });

const plainGame: AdversarialSetup = { ...base, student: plain, optimizers: both(momentum) };
const normalisedGame: AdversarialSetup = {
  ...base,
  student: normalised,
  optimizers: both(nesterov),
  dataTerm: klTerm,
};

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
  from: { readonly state: Tree<HostTensor>; readonly step: number } = { state: game.initial(), step: 0 },
): Promise<{ readonly state: Tree<HostTensor>; readonly metrics: Tree<number> }> {
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

import '@tensorflow/tfjs-backend-cpu';
import {
  conv2d,
  dense,
  EagerBackend,
  flatten,
  LayeredClassifier,
  liveTeacher,
  maxPool,
  NetworkTeacher,
  relu,
  Rng,
  normalizedNetwork,
  tap,
  type BatchSource,
  type ClassifierOutputs,
  type ImageBatch,
  type LabeledBatch,
  type Network,
  type MethodEnvironment,
  type TeacherOutputs,
  type Variables,
  type HostTensor,
} from '@anc/core';

export const IMAGE = [6, 6, 1] as const;
export const CLASSES = 3;
export const BATCH = 8;
const IMAGES = 24;

/** Two taps that are images, four features, three classes. */
function network(name: string): Network<ClassifierOutputs> {
  const layers = new LayeredClassifier(name, CLASSES, [
    conv2d('conv1', { kernelSize: 3, filters: 3 }),
    relu('relu1'),
    tap('block1'),
    maxPool('pool1', { kernelSize: 2 }),
    conv2d('conv2', { kernelSize: 3, filters: 4 }),
    relu('relu2'),
    tap('block2'),
    flatten('flatten'),
    dense('hidden', { units: 4 }),
    relu('relu3'),
    tap('features'),
    dense('logits', { units: CLASSES }),
  ]);
  return normalizedNetwork(layers, { mean: [128], std: [74] });
}

export const toyStudent = (): Network<ClassifierOutputs> => network('toy-student');

/** What a method is told of the toy pair, with the network that it trains. */
export const playersOf = (student: Network<ClassifierOutputs>): MethodEnvironment => {
  const outputs = { block1: [6, 6, 3], block2: [3, 3, 4], features: [4], logits: [CLASSES] };
  return { student, studentOutputs: outputs, input: IMAGE, classes: CLASSES, teacher: { outputs } };
};

export interface ToyTeacher {
  readonly outputs: TeacherOutputs;
  readonly variables: Variables<HostTensor>;
}

/** A frozen network of random weights. Its outputs for an image are always the same. */
export async function toyTeacher(): Promise<ToyTeacher> {
  const teacher = network('toy-teacher');
  const variables = teacher.init(Rng.fromSeed(77), IMAGE);
  const frozen = await NetworkTeacher.create({
    backend: new EagerBackend('cpu'),
    network: teacher,
    variables,
    input: IMAGE,
    digest: 'toy',
  });
  return { outputs: liveTeacher(frozen, IMAGE), variables };
}

/** Batches of fixed images. `labelOf` null: a source that knows no labels. */
export function toyBatches(
  stepsPerEpoch: number,
  labelOf: ((image: number) => number) | null,
  repeats = false,
): BatchSource | BatchSource<LabeledBatch> {
  const pixels = IMAGE[0] * IMAGE[1] * IMAGE[2];
  const draw = (rng: Rng): Uint8Array => Uint8Array.from({ length: pixels }, () => rng.int(256));
  const images = Array.from({ length: IMAGES }, (_, i) => draw(Rng.fromSeed(5).split('image', i)));
  return {
    stepsPerEpoch,
    shape: IMAGE,
    *epoch(epoch, from) {
      for (let step = from; step < stepsPerEpoch; step++) {
        const rng = Rng.fromSeed(6).split(...(repeats ? ['one'] : [epoch, step]));
        const indices = rng.permutation(IMAGES).slice(0, BATCH);
        const bytes = new Uint8Array(BATCH * pixels);
        indices.forEach((image, i) => bytes.set(images[image]!, i * pixels));
        const batch: ImageBatch = { indices, views: new Int32Array(BATCH), images: bytes };
        yield labelOf === null ? batch : { ...batch, labels: indices.map(labelOf) };
      }
    },
  };
}

import '@tensorflow/tfjs-backend-cpu';
import {
  EagerBackend,
  Rng,
  type ClassifierOutputs,
  type HostTensor,
  type MethodEnvironment,
  type Network,
  type TeacherOutputs,
  type Variables,
} from '@anc/core';
import { liveTeacher, NetworkTeacher } from '@anc/core/internal';
import { tappedNetwork, type TappedNetworkOptions } from './networks.js';
import { toyTask } from './task.js';

const { image, classes, features, batchSize, normalization } = toyTask;

/** A student of the toy task with the taps `block1` [6, 6, 3] and `block2` [3, 3, 4]. */
export const toyStudent = (
  options: Pick<TappedNetworkOptions, 'batchNorm'> = {},
): Network<ClassifierOutputs> => tappedNetwork(toyTask, { ...options, name: 'toy-student' });

/** What a method gets to build its stages: the given student and the toy teacher, which has the same outputs. */
export const toyEnvironment = (student: Network<ClassifierOutputs> = toyStudent()): MethodEnvironment => {
  const outputs = { block1: [6, 6, 3], block2: [3, 3, 4], features: [features], logits: [classes] };
  const teacher = { outputs, network: toyTeacherNetwork() };
  return { student, studentOutputs: outputs, input: image, classes, teacher, batchSize, normalization };
};

const toyTeacherNetwork = (): Network<ClassifierOutputs> => tappedNetwork(toyTask, { name: 'toy-teacher' });

/** A toy teacher: its outputs, and the variables that they are computed with. */
export interface ToyTeacher {
  /** Outputs by batch. */
  readonly outputs: TeacherOutputs;
  /** Its weights. */
  readonly variables: Variables<HostTensor>;
}

/** A frozen network of random weights. Its outputs for an image are always the same. */
export async function toyTeacher(): Promise<ToyTeacher> {
  const network = toyTeacherNetwork();
  const variables = network.init(Rng.fromSeed(77), image);
  const teacher = await NetworkTeacher.create({
    backend: new EagerBackend('cpu'),
    network,
    variables,
    input: image,
    digest: 'toy',
  });
  return { outputs: liveTeacher(teacher, image), variables };
}

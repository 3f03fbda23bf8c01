import { onnxMetadata } from '@anc/backend-onnx';
import {
  AncError,
  normalizedNetwork,
  type Backend,
  type HostTensor,
  type Normalization,
  type Task,
  type Variables,
} from '@anc/core';
import { NetworkTeacher } from '@anc/core/internal';
import { decodeForeignMetadata, loadVariables } from '@anc/formats';
import { parametersAndFlops } from '@anc/models';
import type { Composition } from '../composition/compose.js';
import { openNamedFile, readNamedFile, sha256Of, type OpenFile } from '../files/named-file.js';
import { digestOf } from '../files/weights.js';
import { describeNamed, readNamed } from '../text/named.js';
import { shownPath } from '../text/shown-path.js';
import type { Classifier, ClassifierRequest } from './classifier.js';
import { openOnnx } from './open-onnx.js';
import { commonNormalization, parsePreprocessing } from './preprocessing.js';
import { loadWeights, type LoadedWeights } from './weights-file.js';

/** Whether a file is an ONNX model, by its name. */
export const isOnnx = (file: string): boolean => /\.(onnx|ort)$/i.test(file);

/** Opens a file of weights or an ONNX model. Throws what reading it throws. */
export async function openClassifier(
  request: ClassifierRequest,
  composition: Composition,
): Promise<Classifier> {
  const { file, cwd } = request;
  if (isOnnx(file)) {
    const { path, bytes } = await readNamedFile(file, cwd);
    const shown = shownPath(path, cwd);
    if (request.outputs !== undefined) return openOnnx(path, shown, bytes, request);
    const metadata = onnxMetadata(bytes, shown);
    const task = await exportedTask(metadata, composition);
    if (task === null) return openOnnx(path, shown, bytes, request);
    const { classes = 1 } = decodeForeignMetadata(metadata);
    const count = typeof classes === 'number' ? classes : classes.length;
    const outputs = task.outputs({ input: request.images, classes: count });
    return { ...(await openOnnx(path, shown, bytes, { ...request, outputs })), task };
  }
  const opened = openNamedFile(file, cwd);
  try {
    return await openWeights(opened, request, composition);
  } finally {
    opened.close();
  }
}

/** The task that a file's metadata name; null where they name none. Throws `ANC_UNKNOWN` where its plugin is missing. */
const recordedTask = async (
  recorded: string | undefined,
  { registries }: Composition,
): Promise<Task | null> => {
  const named = recorded === undefined ? null : readNamed(recorded);
  return named === null || 'problem' in named ? null : registries.tasks.create(named, undefined);
};

/** The task of an exported model. Other programs have metadata of this name, too: ours come with `modelOptions`. */
const exportedTask = (
  metadata: Readonly<Record<string, string>>,
  composition: Composition,
): Promise<Task | null> =>
  recordedTask(metadata['modelOptions'] === undefined ? undefined : metadata['task'], composition);

/** A network in memory as a classifier; pixels are divided by 255 where its normalization is unknown. */
export async function openNetwork(
  {
    network,
    model,
    environment,
    classNames,
    variables,
    normalization,
  }: Pick<LoadedWeights, 'network' | 'model' | 'environment' | 'classNames' | 'map'> & {
    readonly variables: Variables<HostTensor>;
    readonly normalization: Normalization | null;
  },
  backend: Backend,
): Promise<Classifier> {
  const { input, classes } = environment;
  const used = normalization ?? parsePreprocessing('unit', input[2]);
  const digest = digestOf(variables);
  const teacher = await NetworkTeacher.create({
    backend,
    network: {
      ...normalizedNetwork(network, used),
      name: JSON.stringify([network.name, describeNamed(model), classes, used]),
    },
    variables,
    input,
    digest,
  });
  return {
    teacher,
    model: describeNamed(model),
    classes,
    classNames,
    ...parametersAndFlops(network, input),
    normalization: used,
    digest,
    bytes: 0,
    notices: [],
    dispose: () => teacher.dispose(),
  };
}

async function openWeights(
  { path, source }: OpenFile,
  { cwd, backend, images, model, stateDict, preprocessing, classes, classNames }: ClassifierRequest,
  composition: Composition,
): Promise<Classifier> {
  const { registries, parts } = composition;
  const shown = shownPath(path, cwd);
  if (classes !== undefined) {
    throw new AncError('ANC_CLASSES', `${shown}: the classes of a file of weights are what they are.`, {
      expected: 'an ONNX model beside --classes',
      hint: 'export it as ONNX first: anc-cli export --format onnx.',
    });
  }
  const loaded = await loadWeights(
    path,
    source,
    { registries, parts },
    {
      ...(model === undefined ? {} : { model }),
      ...(stateDict === undefined ? {} : { stateDict }),
      input: images,
    },
  );
  const { network, environment } = loaded;
  if (environment.classes < 2 && loaded.metadata.task === undefined) {
    throw new AncError('ANC_TEACHER_OUTPUT', `${shown} tells fewer than two classes apart.`, {
      expected: 'a classifier of two classes or more',
      received: `${environment.classes} output per image`,
      hint: 'export the network as ONNX, where one output per image is read as two classes: torch.onnx.export.',
    });
  }
  const task = await recordedTask(loaded.metadata.task, composition);
  const notices = loaded.notices.map((notice) => `${shown}: ${notice}`);
  const normalization =
    preprocessing === undefined ? loaded.normalization : parsePreprocessing(preprocessing, images[2]);
  const usual = normalization === null ? commonNormalization(loaded) : null;
  if (usual !== null) notices.push(`${shown}: ${usual.why}`);
  else if (normalization === null) {
    notices.push(
      `${shown}: nothing says how its images are normalized, so pixels are divided by 255. Set another with --preprocessing.`,
    );
  }
  const used = normalization ?? usual?.normalization ?? parsePreprocessing('unit', images[2]);
  const digest = sha256Of(source);
  const teacher = await NetworkTeacher.create({
    backend,
    network: {
      ...normalizedNetwork(network, used),
      name: JSON.stringify([network.name, describeNamed(loaded.model), environment.classes, used]),
    },
    variables: loadVariables(loaded.variables),
    input: images,
    digest,
    repeats: composition.hasOwnParts(),
  });
  return {
    teacher,
    model: describeNamed(loaded.model),
    ...(task && { task }),
    classes: environment.classes,
    classNames: loaded.classNames ?? (classNames?.length === environment.classes ? classNames : null),
    ...parametersAndFlops(network, images),
    normalization: used,
    digest,
    bytes: source.length,
    notices,
    dispose: () => teacher.dispose(),
  };
}

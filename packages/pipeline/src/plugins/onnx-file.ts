import { basename, dirname, join } from 'node:path';
import type { ClassifierOutputs, ModelContribution, ModelEnvironment, Network } from '@anc/core';
import { onnxTeacherSchema } from '@anc/backend-onnx/plugin';
import { z } from 'zod';

const schema = z.strictObject({
  file: z.string().describe('the ONNX file, with its weights inside'),
  init: z
    .enum(['file', 'fresh'])
    .default('file')
    .describe("file: starts from the file's weights; fresh: takes the architecture alone"),
  ...onnxTeacherSchema.omit({ channels: true, resize: true }).shape,
});

/** The model `onnx`: a classifier in an ONNX file as a network to train. `--student model.onnx` stands for it. */
export const onnxFileModels: Readonly<Record<string, ModelContribution>> = {
  onnx: {
    summary: 'the network of an ONNX file, with its weights: --student model.onnx',
    options: schema,
    input: [224, 224, 3],
    classes: 1000,
    // Read when one is created, since every command loads every plugin; the registry waits for it.
    create: create as unknown as ModelContribution['create'],
  },
};

async function create(
  { file, init, ...options }: z.output<typeof schema>,
  { input, classes }: ModelEnvironment,
): Promise<Network<ClassifierOutputs>> {
  const [{ readOnnxClassifier }, { networkFromOnnx }, { readNamedFile, sha256 }, { readRegularFile }] =
    await Promise.all([
      import('@anc/backend-onnx'),
      import('@anc/models'),
      import('../files/named-file.js'),
      import('../disk/regular-file.js'),
    ]);
  const shown = basename(file);
  const { path, bytes } = await readNamedFile(file, process.cwd());
  const { graph, logits, features, layout, normalization } = await readOnnxClassifier(bytes, {
    shown,
    images: input,
    options,
    readExternal: (beside) => readRegularFile(join(dirname(path), beside)),
  });
  return networkFromOnnx(graph, {
    name: `onnx(${JSON.stringify({ sha256: sha256(bytes), init, classes, ...options })})`,
    logits,
    features,
    layout,
    init,
    classes,
    normalization: normalization ?? asBytes(input[2]),
  });
}

/** Pixels as they are, for a model that normalizes them itself. */
const asBytes = (channels: number) => ({
  mean: Array.from({ length: channels }, () => 0),
  std: Array.from({ length: channels }, () => 1),
});

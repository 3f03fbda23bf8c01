import { dirname, join } from 'node:path';
import { OnnxBackend, OnnxDenseTeacher, OnnxTeacher, type OnnxTeacherOptions } from '@anc/backend-onnx';
import { AncError, type Backend, type Teacher } from '@anc/core';
import { NetworkTeacher } from '@anc/core/internal';
import { readRegularFile } from '../disk/regular-file.js';
import { sha256 } from '../files/named-file.js';
import { trialLimits, tryApart } from '../isolation/trial.js';
import type { Classifier, ClassifierRequest } from './classifier.js';
import { frozenFromOnnx } from './frozen-from-onnx.js';
import { parsePreprocessing } from './preprocessing.js';

/** Opens an ONNX model, in a process of its own first. Throws `ANC_ONNX`. */
export async function openOnnx(
  path: string,
  shown: string,
  bytes: Uint8Array,
  { backend, images, preprocessing, onnx, classes, classNames, imageClasses, outputs }: ClassifierRequest,
): Promise<Classifier> {
  const digest = sha256(bytes);
  const dense = outputs !== undefined && outputs.length > 1 ? outputs : null;
  await tryApart(
    {
      kind: 'onnx',
      path,
      shown,
      images,
      options: placed(onnx),
      ...(imageClasses === undefined ? {} : { imageClasses }),
      ...(classNames === undefined ? {} : { classNames }),
      ...(dense === null ? {} : { outputs: dense }),
    },
    digest,
    trialLimits('onnx', bytes.length),
  );
  const shared = backend instanceof OnnxBackend ? backend : null;
  const own = shared === null ? await OnnxBackend.create() : null;
  const engine = (shared ?? own)!;
  try {
    const common = {
      shown,
      images,
      options: onnx ?? {},
      ...(preprocessing === undefined ? {} : { normalization: parsePreprocessing(preprocessing, images[2]) }),
      ...(classNames === undefined ? {} : { classNames }),
      readExternal: (beside: string) => readRegularFile(join(dirname(path), beside)),
    };
    const teacher =
      dense !== null
        ? await OnnxDenseTeacher.create(engine, bytes, { ...common, outputs: dense })
        : await OnnxTeacher.create(engine, bytes, {
            ...common,
            differentiable: (model) => frozenFromOnnx(model, shown, images),
            ...(classes === undefined ? {} : { classes }),
            ...(imageClasses === undefined ? {} : { imageClasses }),
          });
    const { facts } = teacher;
    const computed = await onBackend(teacher, backend, images, digest);
    return {
      teacher: computed ?? teacher,
      model: shown,
      classes: facts.classes,
      classNames: facts.classNames,
      parameters: facts.parameters,
      flops: facts.flops,
      normalization: facts.normalization,
      digest,
      bytes: bytes.length,
      notices: facts.notices,
      async dispose() {
        await computed?.dispose();
        await teacher.dispose();
        await own?.dispose();
      },
    };
  } catch (error) {
    await own?.dispose();
    throw error;
  }
}

/**
 * An ONNX model as a network on a backend for teachers, or one that multiplies less than float32; null on others, beside which
 * ONNX Runtime computes it.
 */
async function onBackend(
  { frozen, name }: Teacher,
  backend: Backend,
  images: readonly number[],
  digest: string,
): Promise<Teacher | null> {
  const { precision = 'float32' } = backend.environment;
  if (backend.capabilities.training && precision === 'float32') return null;
  if (frozen === undefined) {
    throw new AncError('ANC_BACKEND', `${name}: backend "${backend.name}" cannot compute this ONNX model.`, {
      expected: 'a model of operations that become a network here',
      hint: 'leave out --teacher-precision and --teacher-backend: ONNX Runtime computes every model.',
    });
  }
  return await NetworkTeacher.create({ backend, ...frozen, input: images, digest });
}

/** The options on which the work depends. Pixels are given as they are: the file need not say how. */
const placed = ({ mean: _mean, std: _std, ...rest }: OnnxTeacherOptions = {}): OnnxTeacherOptions => ({
  ...rest,
  mean: [0],
  std: [255],
});

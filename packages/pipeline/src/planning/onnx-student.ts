import { isAbsolute, resolve } from 'node:path';
import type { ClassifierOutputs, FixedNormalization, Network } from '@anc/core';
import type { TrainingData } from '../data/training-data.js';
import type { Named } from '../text/named.js';

/** The model that `--student model.onnx(init=fresh)` stands for, with an absolute path; other models as they are. */
export function anchoredStudent(student: Named, cwd: string): Named {
  const { name, options } = student;
  if (/\.onnx$/i.test(name)) return { name: 'onnx', options: { file: resolve(cwd, name), ...options } };
  const { file } = options;
  return name === 'onnx' && typeof file === 'string' && !isAbsolute(file)
    ? { name, options: { ...options, file: resolve(cwd, file) } }
    : student;
}

/** What a network from a file may say of itself. */
interface FromFile {
  readonly normalization?: FixedNormalization;
  readonly notices?: readonly string[];
}

/** What a person should know of how a network was read. */
export const networkNotices = (network: Network<ClassifierOutputs>): readonly string[] =>
  (network as FromFile).notices ?? [];

/** The data as the student normalizes them: a network that was trained elsewhere keeps its own normalization. */
export function asNormalizedBy<D extends TrainingData>(network: Network<ClassifierOutputs>, data: D): D {
  const { normalization } = network as FromFile;
  return normalization === undefined ? data : { ...data, normalization };
}

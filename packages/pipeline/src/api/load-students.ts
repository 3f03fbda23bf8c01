import { OnnxBackend } from '@anc/backend-onnx';
import { findModelInRun } from '../classifier/find-model.js';
import type { Composition } from '../composition/compose.js';
import type { StudentResult } from '../events/documents.js';
import { openModelFile } from './open-model.js';
import type { TrainedModel } from './trained-model.js';

/**
 * Opens the students of a finished run in memory; they share a backend of their own.
 * @param cwd where relative paths of images that they classify start
 */
export async function loadStudents(
  folder: string,
  results: readonly StudentResult[],
  composition: Composition,
  images: readonly [number, number, number],
  cwd: string,
): Promise<{
  readonly student: TrainedModel;
  readonly students: Readonly<Record<string, TrainedModel>>;
  dispose(): Promise<void>;
}> {
  const backend = await OnnxBackend.create();
  const opened: TrainedModel[] = [];
  const dispose = async (): Promise<void> => {
    for (const model of opened) await model.dispose();
    await backend.dispose();
  };
  try {
    for (const { name } of results) {
      const found = await findModelInRun(folder, name, folder);
      opened.push(await openModelFile(name, found, {}, { composition, backend, cwd, images }));
    }
    const chosen = await findModelInRun(folder, undefined, folder);
    const students = Object.fromEntries(opened.map((model) => [model.name, model]));
    return { student: students[chosen!.name]!, students, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

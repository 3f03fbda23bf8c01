import type { CompiledFunction, HostTensor, Teacher } from '@anc/core';
import { OnnxDenseTeacher, OnnxTeacher } from '@anc/backend-onnx';
import { compileClassifier } from '@anc/core/internal';
import type { Latency, LatencyDocument, RunFolder } from '@anc/runtime';
import { measureInterleaved, type Measurable } from '../measurement/measure.js';
import { placeOf } from '../files/verify.js';
import { readWeights } from '../files/weights.js';
import type { Plan, PlannedModel } from '../planning/plan.js';

const DOCUMENT = 'latency.json';
/** Time for each model: a few calls of a large one, and no more of a small one than a median needs. */
const TIME = { seconds: 0.05, most: 40 };

/**
 * Measures how long the teacher and the students take for one image on the backends of the run, and writes it into the run
 * folder, once. It is a few calls at the end of a run on a machine that may do other work: for a report, not for a benchmark.
 * `shared`: of runs with the same teacher.
 */
export async function writeLatency(
  folder: RunFolder,
  plan: Pick<Plan, 'backends' | 'data' | 'teacher'>,
  teacher: Teacher,
  students: readonly PlannedModel[],
  shared: { latency?: Latency },
): Promise<void> {
  if ((await folder.readBytes(DOCUMENT)) !== null) return;
  const { backends, data } = plan;
  const image = await oneImage(data.test.images);
  const rows = new Map<string, Measurable>();
  // A function of the caller may be dear to call, and is no network whose speed is of interest.
  const isFunction = 'given' in plan.teacher && plan.teacher.given.parameters === null;
  if (!isFunction && shared.latency === undefined)
    rows.set('teacher', { run: (images) => teacher.infer(images, ['logits']) });
  const compiled: CompiledFunction[] = [];
  const models: Record<string, Latency> = shared.latency === undefined ? {} : { teacher: shared.latency };
  try {
    for (const { name, network } of students) {
      const variables = await readWeights(folder, placeOf(name), network.initial);
      const classifier = { backend: backends.student, network: network.network, variables };
      const one = await compileClassifier(classifier, image.shape, ['logits']);
      compiled.push(one);
      rows.set(name, { run: (images) => one.run({ images }) });
    }
    const names = [...rows.keys()];
    const measured = await measureInterleaved(
      [...rows.values()],
      names.map(() => image),
      TIME,
    );
    for (const [i, { p50, p95, rounds }] of measured.entries())
      models[names[i]!] = { p50: rounded(p50), p95: rounded(p95), calls: rounds };
  } finally {
    for (const one of compiled) await one.dispose();
  }
  if (models['teacher'] !== undefined) shared.latency = models['teacher'];
  const { device } = backends.student.environment;
  // A teacher in an ONNX file computes in ONNX Runtime whatever the backend is.
  const isOnnx = teacher instanceof OnnxTeacher || teacher instanceof OnnxDenseTeacher;
  const teacherBackend = isOnnx ? 'onnx' : backends.teacher.name;
  const document: LatencyDocument = {
    backend: backends.student.name,
    ...(teacherBackend === backends.student.name ? {} : { teacherBackend }),
    device: String(device),
    batch: 1,
    models,
  };
  await folder.write(DOCUMENT, `${JSON.stringify(document, null, 2)}\n`);
}

const rounded = (milliseconds: number): number => Number(milliseconds.toPrecision(4));

/** The first image of a source; zeros where it has none. [1, H, W, C] */
async function oneImage(images: Plan['data']['test']['images']): Promise<HostTensor> {
  const [height, width, channels] = images.shape;
  const data = new Uint8Array(height * width * channels);
  if (images.count > 0) await images.read(Int32Array.of(0), data);
  return { shape: [1, height, width, channels], data };
}

import type { HostTensor, Teacher } from '@anc/core';
import { compileClassifier } from '@anc/core/internal';
import type { Latency, LatencyDocument, RunFolder } from '@anc/runtime';
import { placeOf } from '../files/verify.js';
import { readWeights } from '../files/weights.js';
import type { Plan, PlannedModel } from '../planning/plan.js';

const DOCUMENT = 'latency.json';
/** Calls before the clock counts, and the least and the most of those that are timed. */
const WARM_UP = 2;
const LEAST = 5;
const MOST = 50;
/** Milliseconds after which a model is measured enough. */
const LONG_ENOUGH = 50;

/** One call of a network for one image. */
type Call = () => Promise<unknown>;

/**
 * Measures how long the teacher and the students take for one image on the backends of the run, and writes it into the run
 * folder, once. `shared`: of runs with the same teacher. It is a few calls at the end of a run on a machine that may do other work: for a report, not for a benchmark.
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
  const models: Record<string, Latency> = {};
  // A function of the caller may be dear to call, and is no network whose speed is of interest.
  const isFunction = 'given' in plan.teacher && plan.teacher.given.parameters === null;
  if (!isFunction)
    models['teacher'] = shared.latency ??= await latencyOf(() => teacher.infer(image, ['logits']));
  for (const { name, network } of students) {
    const variables = await readWeights(folder, placeOf(name), network.initial);
    const classifier = { backend: backends.student, network: network.network, variables };
    const compiled = await compileClassifier(classifier, image.shape, ['logits']);
    try {
      models[name] = await latencyOf(() => compiled.run({ images: image }));
    } finally {
      await compiled.dispose();
    }
  }
  const { device } = backends.student.environment;
  const document: LatencyDocument = {
    backend: backends.student.name,
    device: String(device),
    batch: 1,
    models,
  };
  await folder.write(DOCUMENT, `${JSON.stringify(document, null, 2)}\n`);
}

async function latencyOf(call: Call): Promise<Latency> {
  for (let i = 0; i < WARM_UP; i++) await call();
  const times: number[] = [];
  let total = 0;
  while (times.length < LEAST || (times.length < MOST && total < LONG_ENOUGH)) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
    total += times.at(-1)!;
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    Number(times[Math.min(times.length - 1, Math.floor(share * times.length))]!.toPrecision(4));
  return { p50: at(0.5), p95: at(0.95), calls: times.length };
}

/** The first image of a source; zeros where it has none. [1, H, W, C] */
async function oneImage(images: Plan['data']['test']['images']): Promise<HostTensor> {
  const [height, width, channels] = images.shape;
  const data = new Uint8Array(height * width * channels);
  if (images.count > 0) await images.read(Int32Array.of(0), data);
  return { shape: [1, height, width, channels], data };
}

/** Training speed of the paper's students: labels, cross-entropy, momentum. Runs in Node and in a browser. */
import { toStateEntries, mapTree, Rng, sgd, sizeOf, softmaxCrossEntropy, specOf, termStep } from '@anc/core';
import models from '@anc/models';

/** The measured networks: name of the model, shape of the images. */
export const NETWORKS = {
  'LeNet-4': ['lenet4', [28, 28, 1]],
  'ResNet-20': ['resnet20', [32, 32, 3]],
  NiN: ['nin', [32, 32, 3]],
};

/** A compiled training step: `run()` runs it once, `settle()` waits until all queued steps are done. */
export async function prepareTraining(backend, network, batchSize) {
  const [name, input] = NETWORKS[network];
  const { options, create } = models().models[name];
  const student = create(options.parse({}), { input, classes: 10 });
  const optimizer = sgd({ momentum: 0.9 });
  const term = {
    name: 'labels',
    id: 'cross-entropy',
    teacherOutputs: [],
    usesLabels: true,
    loss: ({ outputs, batch }) => softmaxCrossEntropy(outputs.logits, batch.labels),
  };
  const rng = Rng.fromSeed(1);
  const variables = student.init(rng, input);
  const initial = toStateEntries('student', { ...variables, slots: optimizer.init(variables.params) });
  const batch = {
    images: {
      shape: [batchSize, ...input],
      data: Float32Array.from({ length: batchSize * sizeOf(input) }, () => rng.normal()),
    },
    labels: { shape: [batchSize], data: Int32Array.from({ length: batchSize }, () => rng.int(10)) },
  };
  const hyper = { 'student/learningRate': 1e-3, 'weight/labels': 1 };
  const compiled = await backend.compile(termStep({ student, optimizer, terms: [term] }), {
    state: mapTree(initial, specOf),
    batch: mapTree(batch, specOf),
    hyper: Object.keys(hyper),
  });
  const state = await backend.upload(initial);
  let step = 0;
  return {
    run: () => compiled.run(state, { batch, hyper, noise: { seed: 1, step: step++ } }),
    settle: () => compiled.metrics(),
    async dispose() {
      await compiled.dispose();
      await state.dispose();
    },
  };
}

/** Images per second of the fastest of several rounds, of about `seconds` together; at least one step. */
export async function trainingSpeed(backend, network, batchSize, seconds) {
  const training = await prepareTraining(backend, network, batchSize);
  const round = async (limit) => {
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1000;
    let steps = 0;
    do {
      await training.run();
      steps++;
    } while (elapsed() < limit);
    await training.settle(); // queued work counts
    return (steps * batchSize) / elapsed();
  };
  const first = await round(0); // includes compiling kernels
  const slow = batchSize / first > seconds;
  let best = slow ? await round(0) : 0;
  for (let i = 0; i < 5 && !slow; i++) best = Math.max(best, await round(seconds / 5));
  await training.dispose();
  return best;
}

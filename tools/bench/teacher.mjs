/**
 * The forward pass of frozen networks with random weights, milliseconds for a batch: ONNX Runtime beside oneDNN in every
 * precision that the processor has, in turns. Processor time is shown beside the time that passes: where other work runs on
 * the machine, the former changes less.
 *
 *   node tools/bench/teacher.mjs [--networks resnet164,nin] [--batch-size 128] [--threads 1] [--rounds 7]
 */
import { parseArgs } from 'node:util';
import { OnednnBackend } from '@anc/backend-onednn';
import { OnnxBackend } from '@anc/backend-onnx';
import { isAncError, mapTree, Rng, sizeOf } from '@anc/core';
import { compileClassifier } from '@anc/core/internal';
import models from '@anc/models';

const { values: flags } = parseArgs({
  options: {
    networks: { type: 'string', default: 'resnet20,resnet164,nin' },
    'batch-size': { type: 'string', default: '128' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '7' },
  },
});
const [batch, threads, rounds] = ['batch-size', 'threads', 'rounds'].map((name) => Number(flags[name]));

/** A process's time on all of its threads, ms. */
const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const backends = { onnx: await OnnxBackend.create({ threads }) };
for (const precision of ['float32', 'bfloat16', 'int8']) {
  try {
    backends[`onednn, ${precision}`] = await OnednnBackend.create({ threads, precision });
  } catch (error) {
    if (!isAncError(error)) throw error;
    console.log(`onednn, ${precision}: ${error.message}`);
  }
}

const { models: known } = models();
for (const name of flags.networks.split(',')) {
  const model = known[name];
  const input = model.input ?? [32, 32, 3];
  const network = model.create(model.options.parse({}), { input, classes: 10 });
  const rng = Rng.fromSeed(0);
  const { params, stats } = network.init(rng, input);
  const variables = { params, stats: mapTree(stats, ({ shape, data }) => ({ shape, data })) };
  const images = {
    shape: [batch, ...input],
    data: Uint8Array.from({ length: batch * sizeOf(input) }, () => rng.int(256)),
  };
  const rows = [];
  for (const [label, backend] of Object.entries(backends)) {
    const began = performance.now();
    const examples = backend.calibrates ? images : null;
    const compiled = await compileClassifier(
      { backend, network, variables },
      images.shape,
      ['logits'],
      examples,
    );
    await compiled.run({ images });
    rows.push({ label, compiled, built: performance.now() - began, passed: [], computed: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { compiled, passed, computed } of rows) {
      const [began, before] = [performance.now(), processorTime()];
      await compiled.run({ images });
      passed.push(performance.now() - began);
      computed.push(processorTime() - before);
    }
  }
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const ms = (value) => value.toFixed(1).padStart(8);
  console.log(`\n${name}, ${batch} images, ${threads} thread(s), medians of ${rounds} rounds`);
  for (const { label, compiled, built, passed, computed } of rows) {
    const ratio = median(rows[0].computed) / median(computed);
    console.log(
      `${label.padEnd(18)} ${ms(median(passed))} ms  processor ${ms(median(computed))} ms  ${ratio.toFixed(2)}×  ready after ${built.toFixed(0)} ms`,
    );
    await compiled.dispose();
  }
}
for (const backend of Object.values(backends)) await backend.dispose();

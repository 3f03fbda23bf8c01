import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  compileClassifier,
  EagerBackend,
  mergeTrees,
  prefixTree,
  Rng,
  subtree,
  type AncError,
  type ClassifierOutputs,
  type FunctionSpec,
  type HostTensor,
  type Network,
  type TensorFunction,
} from '@anc/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../src/index.js';
import { plainStudent, residualStudent, task } from './toy-steps.js';

type Student = Network<ClassifierOutputs>;
const { image } = task;

const classifier =
  (student: Student): TensorFunction =>
  (tensors, context) => {
    const variables = { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
    const { logits, features } = student.apply(variables, tensors['images']!, context).outputs;
    return { logits, features };
  };
const spec: FunctionSpec = { id: 'student', inputs: { images: { shape: [1, ...image], dtype: 'uint8' } } };

function exported(student: Student): {
  model: Uint8Array;
  constants: Record<string, HostTensor>;
  init: ReturnType<Student['init']>;
} {
  const init = student.init(Rng.fromSeed(1), image);
  const constants = mergeTrees(prefixTree('params', init.params), prefixTree('stats', init.stats));
  const metadata = { classes: JSON.stringify(['a', 'b', 'c', 'd']) };
  return { model: exportOnnx(classifier(student), spec, { constants, metadata }), constants, init };
}

const rng = Rng.fromSeed(2);
const pixels = (batch: number): Uint8Array => Uint8Array.from({ length: batch * 288 }, () => rng.int(256));

/** Checks a model with Python's onnx, and prints the logits of `images` by its onnxruntime. */
const PYTHON = `
import json, sys, numpy, onnx, onnxruntime
model = onnx.load(sys.argv[1]); onnx.checker.check_model(model, full_check=True)
images = numpy.frombuffer(bytes.fromhex(sys.argv[2]), numpy.uint8).reshape(-1, 12, 12, 2)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
print(json.dumps({"logits": session.run(["logits"], {"images": images})[0].tolist(),
  "opsets": [o.domain for o in model.opset_import], "metadata": {p.key: p.value for p in model.metadata_props}}))
`;

describe('an exported student', () => {
  for (const student of [plainStudent(), residualStudent()]) {
    it(`gives the same logits at any batch: ${student.name}`, async () => {
      const { model, init } = exported(student);
      const session = await ort.InferenceSession.create(model, {
        executionProviders: ['wasm'],
        logSeverityLevel: 3,
      });
      for (const batch of [1, 3]) {
        const data = pixels(batch);
        const eager = { backend: new EagerBackend('cpu'), network: student, variables: init };
        const reference = await compileClassifier(eager, [batch, ...image], ['logits']);
        const { logits: wanted } = await reference.run({ images: { shape: [batch, ...image], data } });
        const { logits } = await session.run({ images: new ort.Tensor('uint8', data, [batch, ...image]) });
        expect(logits!.dims).toEqual([batch, 4]);
        const scale = Math.max(...wanted!.data.map(Math.abs));
        wanted!.data.forEach((value, i) => {
          expect(Math.abs((logits!.data as Float32Array)[i]! - value)).toBeLessThan(1e-5 * scale);
        });
      }
      await session.release();
    });
  }

  it('refuses an open batch where the function depends on its size', () => {
    const f: TensorFunction = ({ images }) => ({
      y: tf.div(tf.sum(tf.tile(tf.reshape(images!, [-1]), [2])), images!.shape[0]),
    });
    try {
      exportOnnx(f, spec);
      expect.unreachable();
    } catch (error) {
      expect((error as AncError).code).toBe('ANC_EXPORT');
    }
    expect(exportOnnx(f, spec, { batch: null }).length).toBeGreaterThan(0);
  });

  it.runIf(process.env['PYTHON'])('is accepted by Python and gives the same logits there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'anc-export-'));
    const { model, init } = exported(residualStudent());
    await writeFile(join(folder, 'student.onnx'), model);
    const data = pixels(2);
    const { stdout } = await promisify(execFile)(process.env['PYTHON']!, [
      '-c',
      PYTHON,
      join(folder, 'student.onnx'),
      Buffer.from(data).toString('hex'),
    ]);
    await rm(folder, { recursive: true });
    const found = JSON.parse(stdout) as {
      logits: number[][];
      opsets: string[];
      metadata: Record<string, string>;
    };
    expect(found.opsets).toEqual(['']);
    expect(found.metadata).toEqual({ classes: '["a","b","c","d"]' });
    const eager = { backend: new EagerBackend('cpu'), network: residualStudent(), variables: init };
    const reference = await compileClassifier(eager, [2, ...image], ['logits']);
    const { logits } = await reference.run({ images: { shape: [2, ...image], data } });
    const scale = Math.max(...logits!.data.map(Math.abs));
    logits!.data.forEach((value, i) =>
      expect(Math.abs(found.logits.flat()[i]! - value)).toBeLessThan(1e-5 * scale),
    );
  });
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runPasses, traceStep } from '@anc/compiler';
import { toySpec } from '@anc/testing/toy';
import * as ort from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { withoutUnusedFusions } from '../src/engine/unused-fusions.js';
import { decodeModel, graphOf } from '../src/onnx-model/proto.js';
import { serialize } from '../src/serialize/serialize.js';
import { plainStudent, residualStudent, toyStep, wideTask } from './toy-steps.js';

it.each([
  ['a plain network', toyStep({ task: wideTask, student: plainStudent(wideTask) })],
  ['a residual network', toyStep({ task: wideTask, student: residualStudent(wideTask, 16) })],
])(
  'ONNX Runtime makes the same graph of the step of %s without the fusions that are left out',
  async (_, toy) => {
    const traced = traceStep(toy.step, toySpec(toy), { channelBlock: 16 });
    const model = serialize(traced.graph, runPasses(traced).outputs);
    const folder = await mkdtemp(join(tmpdir(), 'anc-fusions-'));
    /** How many of each operation there are after optimization. */
    const operations = async (extra: Record<string, unknown>): Promise<Record<string, number>> => {
      const optimizedModelFilePath = join(folder, 'optimized.onnx');
      const options = {
        optimizedModelFilePath,
        graphOptimizationLevel: 'all',
        logSeverityLevel: 4,
        extra,
      } as const;
      const session = await ort.InferenceSession.create(model, options);
      await session.release();
      const { node } = graphOf(decodeModel(await readFile(optimizedModelFilePath), 'optimized'));
      const counts: Record<string, number> = {};
      for (const { opType } of node) counts[opType ?? ''] = (counts[opType ?? ''] ?? 0) + 1;
      return counts;
    };
    try {
      const all = await operations({});
      expect(Object.keys(all).length).toBeGreaterThan(10);
      expect(await operations(withoutUnusedFusions)).toEqual(all);
      // ONNX Runtime knows the option: without a fusion that is used the graph is another one.
      const used = {
        optimization: { disable_specified_optimizers: 'MatMulAddFusion;MatmulTransposeFusion' },
      };
      expect(await operations(used)).not.toEqual(all);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runPasses, traceStep } from '@anc/compiler';
import { toySpec } from '@anc/testing/toy';
import * as ort from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { decodeModel, graphOf } from '../src/onnx-model/proto.js';
import { serialize } from '../src/serialize/serialize.js';
import { plainStudent, residualStudent, toyStep, wideTask } from './toy-steps.js';

/** Operations that move memory or multiply, with their domains. */
const EXPENSIVE = new Set(['Transpose', 'Conv', 'ReorderInput', 'ReorderOutput', 'Gather', 'Concat']);

it.each([
  ['a plain network', ' Conv', toyStep({ task: wideTask, student: plainStudent(wideTask) })],
  [
    'a residual network',
    'com.microsoft.nchwc Conv',
    toyStep({ task: wideTask, student: residualStudent(wideTask, 16) }),
  ],
])(
  'the optimizer of ONNX Runtime, which steps do without, finds nothing expensive in the step of %s',
  async (_, convolutions, toy) => {
    const traced = traceStep(toy.step, toySpec(toy), { channelBlock: 16 });
    const model = serialize(traced.graph, runPasses(traced).outputs);
    const folder = await mkdtemp(join(tmpdir(), 'anc-final-form-'));
    /** How many of these operations are left at a level of optimization. */
    const operations = async (
      graphOptimizationLevel: 'disabled' | 'all',
    ): Promise<Record<string, number>> => {
      const optimizedModelFilePath = join(folder, 'optimized.onnx');
      const options = { optimizedModelFilePath, graphOptimizationLevel, logSeverityLevel: 4 } as const;
      const session = await ort.InferenceSession.create(model, options);
      await session.release();
      const { node } = graphOf(decodeModel(await readFile(optimizedModelFilePath), 'optimized'));
      const counts: Record<string, number> = {};
      for (const { domain, opType } of node) {
        // A ReLU of few numbers may become part of a convolution: that saves no time that could be measured.
        const name = opType === 'FusedConv' ? ' Conv' : `${domain ?? ''} ${opType ?? ''}`;
        if (!EXPENSIVE.has(name.split(' ')[1]!)) continue;
        counts[name] = (counts[name] ?? 0) + 1;
      }
      return counts;
    };
    try {
      const written = await operations('disabled');
      expect(Object.keys(written)).toContain(convolutions);
      expect(await operations('all')).toEqual(written);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

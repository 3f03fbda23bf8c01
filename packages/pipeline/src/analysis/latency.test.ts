import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Teacher } from '@anc/core';
import { MemoryImages } from '@anc/datasets';
import { RunFolder } from '@anc/runtime';
import { expect, it } from 'vitest';
import { writeLatency } from './latency.js';

it('names the backend of the teacher where it is another one', async () => {
  const root = await mkdtemp(join(tmpdir(), 'anc-latency-'));
  try {
    for (const [teacherOn, expected] of [
      ['js', 'js'],
      ['onnx', undefined],
    ] as const) {
      const folder = await RunFolder.create(join(root, teacherOn), 'seed: 1\n');
      const plan = {
        backends: { student: { name: 'onnx', environment: { device: 'cpu' } }, teacher: { name: teacherOn } },
        data: { test: { images: new MemoryImages(new Uint8Array(4), [2, 2, 1]), labels: null } },
        teacher: {},
      } as unknown as Parameters<typeof writeLatency>[1];
      const teacher = { infer: () => Promise.resolve({}) } as unknown as Teacher;
      await writeLatency(folder, plan, teacher, [], { latency: { p50: 1, p95: 2, calls: 3 } });
      const text = (await folder.readBytes('latency.json'))!;
      const document = JSON.parse(new TextDecoder().decode(text)) as { teacherBackend?: string };
      expect(document.teacherBackend).toBe(expected);
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

import { assertPlugin, reportBackend } from '@anc/core';
import { backendContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import webgpuPlugin, { openWebgpu } from '../src/index.js';

const report = await reportBackend('webgpu', () => openWebgpu(), 0.1);

describe('webgpu', () => {
  it('registers itself', () => {
    const plugin = webgpuPlugin();
    assertPlugin(plugin, 'test');
    expect(Object.keys(plugin.backends ?? {})).toEqual(['webgpu']);
  });

  it('works here, or reports the reason and a remedy', () => {
    if (report.usable) expect(report.device).not.toBe('');
    else expect(report.remedy).toMatch(/npm install|Vulkan/);
  });
});

// Software Vulkan takes minutes: it has a stage of its own, `node tools/webgpu/check.mjs`.
if (report.usable && !/swiftshader|llvmpipe/i.test(report.device ?? '')) {
  backendContract({ describe, it, expect }, () => openWebgpu());
}

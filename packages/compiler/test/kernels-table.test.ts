import { expect, it } from 'vitest';
import { kernels } from '../src/index.js';

/** Rewritten by `npx vitest run packages/compiler -u`. */
it('keeps the table of kernels', async () => {
  const cells = [
    ['tfjs kernel', 'ONNX'],
    ...[...kernels]
      .sort((a, b) => (a.kernel < b.kernel ? -1 : 1))
      .map(({ kernel, onnx }) => [kernel.replaceAll('_', '\\_'), onnx]),
  ] as [string, string][];
  const widths = [0, 1].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  const [head, ...rows] = cells.map(
    ([kernel, onnx]) => `| ${kernel.padEnd(widths[0]!)} | ${onnx.padEnd(widths[1]!)} |`,
  );
  const lines = [
    '# What each tfjs kernel becomes',
    '',
    'Operations outside this table throw `ANC_COMPILE_UNSUPPORTED`. Layout-only operations add no node.',
    '',
    head,
    `| ${'-'.repeat(widths[0]!)} | ${'-'.repeat(widths[1]!)} |`,
    ...rows,
    '',
  ];
  await expect(lines.join('\n')).toMatchFileSnapshot('../KERNELS.md');
});

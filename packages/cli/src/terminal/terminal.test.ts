import { expect, it } from 'vitest';
import { createTerminal } from './terminal.js';

it('writes null in the document for numbers that JSON cannot hold', () => {
  const written: string[] = [];
  const stream = { isTTY: false, columns: 80, write: (text: string) => (written.push(text), true) };
  createTerminal(true, { stdout: stream, stderr: stream }).document({
    diagnostics: { gradientRatio: Infinity, gradientCosine: NaN, auc: 0.5 },
  });
  expect(JSON.parse(written.join(''))).toEqual({
    diagnostics: { gradientRatio: null, gradientCosine: null, auc: 0.5 },
  });
});

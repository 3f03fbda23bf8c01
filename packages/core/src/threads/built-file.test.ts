import { describe, expect, it } from 'vitest';
import { builtFile } from './built-file.js';

describe('builtFile', () => {
  it('is beside a built file', () => {
    const here = 'file:///home/src/anc/node_modules/a/dist/engine/client.js';
    expect(builtFile('worker.js', here).href).toBe(
      'file:///home/src/anc/node_modules/a/dist/engine/worker.js',
    );
  });

  it('is in dist where the source is in src, whatever the folders above are called', () => {
    const here = 'file:///home/src/anc/packages/a/src/jobs/processes.ts';
    expect(builtFile('../api/worker.js', here).href).toBe(
      'file:///home/src/anc/packages/a/dist/api/worker.js',
    );
  });
});

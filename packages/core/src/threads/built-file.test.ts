import { describe, expect, it } from 'vitest';
import { builtFile } from './built-file.js';

describe('builtFile', () => {
  it('is beside a built file', () => {
    const here = 'file:///home/src/anc/node_modules/a/dist/index.js';
    expect(builtFile('worker.js', here).href).toBe('file:///home/src/anc/node_modules/a/dist/worker.js');
  });

  it('is above a file of a folder in dist', () => {
    const here = 'file:///home/src/anc/packages/a/dist/plain/engine/client.js';
    expect(builtFile('worker.js', here).href).toBe('file:///home/src/anc/packages/a/dist/worker.js');
  });

  it('is in dist where the source is in src, whatever the folders above are called', () => {
    const here = 'file:///home/src/anc/packages/a/src/jobs/processes.ts';
    expect(builtFile('worker.js', here).href).toBe('file:///home/src/anc/packages/a/dist/worker.js');
  });
});

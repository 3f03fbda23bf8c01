import { describe, expect, it } from 'vitest';
import { exportMetadata, type ExportSource } from './source.js';

/** The parts of a source that its metadata come from. */
const source = {
  model: { name: 'lenet5', options: { width: 2 } },
  environment: { input: [28, 28, 1], classes: 10 },
  classNames: null,
  normalization: { mean: [72.9], std: [90] },
  metadata: {
    method: 'l2',
    methodOptions: { lambda: 1 },
    dataset: 'fashion-mnist',
    seed: 7,
    source: 'old.pth',
  },
  provenance: { run: 'runs/1', runModel: 'student', weightsSha256: 'ab', program: 'anc-cli 0.1.0' },
} as unknown as ExportSource;

describe('exportMetadata', () => {
  it('writes what programs of the first version read, in their order', () => {
    expect(JSON.stringify(exportMetadata(source, false, 'nchw'))).toBe(
      JSON.stringify({
        model: 'lenet5',
        modelOptions: '{"width":2}',
        input: '[28,28,1]',
        classes: '10',
        normalization: '{"mean":[72.9],"std":[90]}',
        method: 'l2',
        methodOptions: '{"lambda":1}',
        dataset: 'fashion-mnist',
        seed: '7',
        run: 'runs/1',
        player: 'student',
        weightsSha256: 'ab',
        program: 'anc-cli 0.1.0',
        layout: 'nchw',
      }),
    );
  });

  it('says under another key that the normalization is inside the model', () => {
    const folded = exportMetadata(source, true);
    expect(folded).not.toHaveProperty('normalization');
    expect(folded['foldedNormalization']).toBe('{"mean":[72.9],"std":[90]}');
    expect(folded).not.toHaveProperty('layout');
  });

  it('leaves out what is unknown', () => {
    const bare = { ...source, normalization: null, metadata: {}, provenance: {} };
    expect(Object.keys(exportMetadata(bare))).toEqual(['model', 'modelOptions', 'input', 'classes']);
  });
});

import { describe, expect, it } from 'vitest';
import { namedFile } from './classifier-file.js';

describe('the name of a classifier', () => {
  it('may have what is said of the file behind it', async () => {
    expect(await namedFile('a/m.onnx(layout=nhwc)')).toEqual({
      file: 'a/m.onnx',
      onnx: expect.objectContaining({ layout: 'nhwc' }) as unknown,
    });
    expect(await namedFile('a/w.pth(stateDict=ema, model=nin)')).toEqual({
      file: 'a/w.pth',
      stateDict: 'ema',
      model: { name: 'nin', options: {} },
    });
  });

  it.each(['runs/glyphs-1', 'weights (copy).pth', 'w.safetensors'])(
    'is a path otherwise: %s',
    async (path) => {
      expect(await namedFile(path)).toEqual({ file: path });
    },
  );

  it('has no other options', async () => {
    await expect(namedFile('w.pth(statedict=ema)')).rejects.toMatchObject({ code: 'ANC_OPTIONS' });
  });
});

import { describe, expect, it } from 'vitest';
import { assertSameSpecs, encodeManifest, hasOtherFormat, parseManifest, specsOf } from './manifest.js';

const manifest = {
  stage: 'train',
  step: 20,
  epoch: 2,
  file: '00000001.safetensors',
  bytes: 64,
  sha256: 'abc',
  tensors: { 'student/w': { shape: [2, 3], dtype: 'float32' } },
  memory: null,
} as const;

describe('parseManifest', () => {
  it('is the inverse of encodeManifest', () => {
    expect(parseManifest(encodeManifest(manifest), 'a.json')).toEqual({ format: 1, ...manifest });
  });

  it.each(['', '{', 'null', '5', '[]', '{}', '{"format":"1"}'])('returns null for %j', (text) => {
    expect(parseManifest(text, 'a.json')).toBeNull();
    expect(hasOtherFormat(text)).toBe(false);
  });

  /** As earlier versions wrote it, without a checksum, which would find every change. */
  const earlier = (): Record<string, unknown> => {
    const { checksum: _, ...content } = JSON.parse(encodeManifest(manifest)) as Record<string, unknown>;
    return content;
  };

  it.each(['format', 'stage', 'step', 'epoch', 'file', 'bytes', 'sha256', 'tensors', 'memory'])(
    'returns null without %s',
    (field) => {
      const { [field]: _, ...rest } = earlier();
      expect(parseManifest(JSON.stringify(rest), 'a.json')).toBeNull();
    },
  );

  it.each([
    ...(['stage', 'file', 'sha256'] as const).map((field) => ({ [field]: 5 })),
    ...(['step', 'epoch', 'bytes'] as const).flatMap((field) => [{ [field]: '5' }, { [field]: 1.5 }]),
    { tensors: 'all' },
    { tensors: null },
  ])('returns null with %j', (wrong) => {
    expect(parseManifest(JSON.stringify({ ...earlier(), ...wrong }), 'a.json')).toBeNull();
  });

  it.each([
    ['a digit', '"step": 20', '"step": 21'],
    ['a name', '"train"', '"brain"'],
    ['the checksum itself', '"checksum": "', '"checksum": "0'],
  ])('returns null where it is another: %s', (_what, from, to) => {
    const text = encodeManifest(manifest);
    expect(text).toContain(from);
    expect(parseManifest(text.replace(from, to), 'a.json')).toBeNull();
  });

  it('reads those of earlier versions, which have no checksum', () => {
    expect(parseManifest(JSON.stringify(earlier()), 'a.json')).toEqual({ format: 1, ...manifest });
  });

  it('refuses another format, whatever else it holds', () => {
    expect(() => parseManifest('{"format":2}', 'a.json')).toThrow(
      expect.objectContaining({
        code: 'ANC_CHECKPOINT_VERSION',
        message: 'the checkpoint a.json was written by a newer version.',
        detail: {
          expected: 'format 1',
          received: 'format 2',
          hint: "resume with the version that the run's environment.json names, or start a new run.",
        },
      }) as Error,
    );
    expect(hasOtherFormat('{"format":2}')).toBe(true);
    expect(hasOtherFormat(encodeManifest(manifest))).toBe(false);
  });
});

describe('assertSameSpecs', () => {
  const specs = (shape: number[], data = new Float32Array(6)) => specsOf({ w: { shape, data } });

  it('accepts equal specs', () => {
    expect(() => assertSameSpecs(specs([2, 3]), specs([2, 3]))).not.toThrow();
  });

  it('names the first difference in alphabetical order', () => {
    const both = specsOf({
      b: { shape: [1], data: new Float32Array(1) },
      a: { shape: [1], data: new Float32Array(1) },
    });
    expect(() => assertSameSpecs(both, {})).toThrow(
      'the checkpoint is of another network or method: "a" differs.',
    );
    const [one, other] = ['c', 'b'].map((name) =>
      specsOf({ [name]: { shape: [1], data: new Float32Array(1) } }),
    );
    expect(() => assertSameSpecs(one!, other!)).toThrow('"b" differs.');
  });

  it.each([
    ['another shape', specs([3, 2]), 'float32 [3, 2]'],
    ['a missing tensor', {}, 'no such tensor'],
    ['another type', specsOf({ w: { shape: [2, 3], data: new Int32Array(6) } }), 'int32 [2, 3]'],
  ])('refuses %s', (_, received, described) => {
    expect(() => assertSameSpecs(specs([2, 3]), received)).toThrow(
      expect.objectContaining({
        code: 'ANC_CHECKPOINT',
        detail: { expected: 'float32 [2, 3]', received: described },
      }) as Error,
    );
  });
});

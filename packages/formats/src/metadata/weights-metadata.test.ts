import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeForeignMetadata,
  decodeWeightsMetadata,
  encodeWeightsMetadata,
  type WeightsMetadata,
} from './weights-metadata.js';

/** What a run writes, and its strings in their order. */
const run: WeightsMetadata = {
  model: 'lenet5',
  modelOptions: { widths: [4, 8] },
  input: [28, 28, 1],
  classes: ['T-shirt', 'Trouser'],
  normalization: { mean: [72.94], std: [90.02] },
  method: 'adversarial',
  methodOptions: { lambda: 1, quantize: 'ttq' },
  dataset: 'fashion-mnist',
  seed: 42,
};
const RUN_STRINGS = [
  ['model', 'lenet5'],
  ['modelOptions', '{"widths":[4,8]}'],
  ['input', '[28,28,1]'],
  ['classes', '["T-shirt","Trouser"]'],
  ['normalization', '{"mean":[72.94],"std":[90.02]}'],
  ['method', 'adversarial'],
  ['methodOptions', '{"lambda":1,"quantize":"ttq"}'],
  ['dataset', 'fashion-mnist'],
  ['seed', '42'],
];

describe('encodeWeightsMetadata', () => {
  it('writes the strings of version 1, without a version', () => {
    expect(Object.entries(encodeWeightsMetadata(run))).toEqual(RUN_STRINGS);
  });

  it('has one order, whatever the order of the fields', () => {
    const reversed = Object.fromEntries(Object.entries(run).reverse());
    expect(Object.entries(encodeWeightsMetadata(reversed))).toEqual(RUN_STRINGS);
  });

  it('writes an export: normalization inside, origin, layout', () => {
    const { normalization, seed, ...rest } = run;
    const strings = encodeWeightsMetadata({
      ...rest,
      ...(normalization === undefined ? {} : { foldedNormalization: normalization }),
      run: 'runs/1',
      runModel: 'teacher',
      weightsSha256: 'ab',
      program: 'anc-cli 0.1.0',
      layout: 'nchw',
    });
    expect(seed).toBe(42);
    expect(Object.entries(strings).slice(4)).toEqual([
      ['foldedNormalization', '{"mean":[72.94],"std":[90.02]}'],
      ...RUN_STRINGS.slice(5, 8),
      ['run', 'runs/1'],
      ['player', 'teacher'], // the key of version 1
      ['weightsSha256', 'ab'],
      ['program', 'anc-cli 0.1.0'],
      ['layout', 'nchw'],
    ]);
  });

  it('writes an import, and the name of a quantizer', () => {
    const strings = encodeWeightsMetadata({
      classes: 10,
      source: 'resnet.pth',
      sourceSha256: 'cd',
      compact: 'ttq',
    });
    expect(strings).toEqual({ classes: '10', source: 'resnet.pth', sourceSha256: 'cd', compact: 'ttq' });
  });

  it('leaves out what is undefined', () => {
    expect(encodeWeightsMetadata({ model: 'nin', seed: undefined })).toEqual({ model: 'nin' });
  });
});

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const options = fc.dictionary(
  fc.string().filter((key) => key !== '__proto__'),
  json,
);
const size = fc.integer({ min: 1, max: 4096 });
const side = fc.integer({ min: 1, max: 400 });
const normalization = fc.oneof(
  fc.constant('per-image' as const),
  fc
    .tuple(
      fc.array(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), { minLength: 1 }),
      fc.integer(),
      fc.integer({ min: 1, max: 3 }),
    )
    .map(([std, first, pixels]) => ({
      mean: std.flatMap(() => Array.from({ length: pixels }, (_, i) => first + i)),
      std,
    })),
);
const metadata: fc.Arbitrary<WeightsMetadata> = fc.record(
  {
    model: fc.string(),
    modelOptions: options,
    input: fc.tuple(side, side, side),
    classes: fc.oneof(fc.array(fc.string(), { minLength: 1 }), size),
    normalization,
    foldedNormalization: normalization,
    method: fc.string(),
    methodOptions: options,
    dataset: fc.string(),
    seed: fc.maxSafeNat(),
    run: fc.string(),
    runModel: fc.string(),
    weightsSha256: fc.string(),
    program: fc.string(),
    source: fc.string(),
    sourceSha256: fc.string(),
    compact: fc.string(),
    layout: fc.constantFrom('nchw' as const, 'nhwc' as const),
    other: fc.constant({ format: 'pt' }),
  },
  { requiredKeys: [] },
);

describe('decodeWeightsMetadata', () => {
  it('restores what was encoded', () => {
    fc.assert(
      fc.property(metadata, (each) => {
        expect(decodeWeightsMetadata(encodeWeightsMetadata(each))).toEqual(each);
        expect(decodeForeignMetadata(encodeWeightsMetadata(each))).toEqual(each);
      }),
    );
  });

  it('keeps unknown keys', () => {
    const strings = { format: 'pt', model: 'nin', stepsTaken: '7' };
    const decoded = decodeWeightsMetadata(strings);
    expect(decoded).toEqual({ model: 'nin', other: { format: 'pt', stepsTaken: '7' } });
    expect(encodeWeightsMetadata(decoded)).toEqual(strings);
  });

  it.each<[string | undefined, unknown]>([
    [undefined, undefined],
    ['{', undefined],
    ['"per-image"', 'per-image'],
    ['{"mean":[1],"std":[2]}', { mean: [1], std: [2] }],
    ['{"mean":[1],"std":["2"]}', undefined],
    ['null', undefined],
  ])('normalization %s', (text, expected) => {
    const strings: Record<string, string> = text === undefined ? {} : { normalization: text };
    expect(decodeWeightsMetadata(strings).normalization).toEqual(expected);
  });

  it.each(['{"mean":[1],"std":[0]}', '{"mean":[1,2],"std":[3,-4]}', '{"mean":[1,2,3],"std":[4,5]}'])(
    'refuses a normalization that no pixel can have: %s',
    (text) => {
      for (const key of ['normalization', 'foldedNormalization']) {
        expect(() => decodeWeightsMetadata({ [key]: text })).toThrow(
          expect.objectContaining({
            code: 'ANC_WEIGHTS',
            detail: expect.objectContaining({ received: text }) as unknown,
          }),
        );
        expect(decodeForeignMetadata({ [key]: text })).toEqual({});
      }
    },
  );

  it.each([
    ['input', '[28,28]'],
    ['input', '[28,28,0]'],
    ['input', '[1000000,1000000,3]'],
    ['classes', '[]'],
    ['classes', '[1,2]'],
    ['classes', '0'],
    ['seed', 'forty-two'],
    ['layout', 'chwn'],
  ])('ignores %s %s', (key, text) => {
    expect(decodeWeightsMetadata({ [key]: text })).toEqual({});
  });

  it.each([
    ['modelOptions', '{'],
    ['modelOptions', 'null'],
    ['methodOptions', '[1]'],
    ['input', '[28,28'],
    ['classes', 'cat, dog'],
  ])('refuses %s %s', (key, text) => {
    expect(() => decodeWeightsMetadata({ [key]: text })).toThrow(
      expect.objectContaining({
        code: 'ANC_WEIGHTS',
        message: "the file's metadata is damaged.",
        detail: expect.objectContaining({ received: text }) as unknown,
      }),
    );
  });
});

it('shows a damaged value in brief', () => {
  expect(() => decodeWeightsMetadata({ classes: '['.repeat(100_000) })).toThrow(
    expect.objectContaining({
      detail: expect.objectContaining({ received: `${'['.repeat(200)}…` }) as unknown,
    }),
  );
});

describe('the version', () => {
  it('is 1 where none is written', () => {
    expect(decodeWeightsMetadata({ metadataVersion: '1', model: 'nin' })).toEqual({ model: 'nin' });
  });

  it.each(['2', '10'])('%s is refused as newer', (metadataVersion) => {
    const newer = { code: 'ANC_WEIGHTS', message: expect.stringContaining('newer version') as string };
    const strings = { modelOptions: '{}', metadataVersion };
    expect(() => decodeWeightsMetadata({ metadataVersion })).toThrow(expect.objectContaining(newer));
    expect(() => decodeForeignMetadata(strings)).toThrow(expect.objectContaining(newer));
  });

  it.each(['', '0', '1.5', 'next'])('"%s" is damage', (metadataVersion) => {
    expect(() => decodeWeightsMetadata({ metadataVersion })).toThrow('damaged');
  });
});

describe('decodeForeignMetadata', () => {
  it('ignores what is not ours', () => {
    const strings = { classes: 'cat, dog', modelOptions: 'none', input: '3x224x224', names: "{0: 'cat'}" };
    expect(decodeForeignMetadata(strings)).toEqual({ other: { names: "{0: 'cat'}" } });
    expect(decodeForeignMetadata({ metadataVersion: '7' })).toEqual({});
  });

  it('takes the layout in any case', () => {
    expect(decodeForeignMetadata({ layout: 'NHWC' })).toEqual({ layout: 'nhwc' });
  });
});

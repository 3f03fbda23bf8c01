import type { Augmentation, ImageAugmentation, MixingAugmentation } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { augmentationContract } from '../src/index.js';
import { failuresOf } from './collect.js';

interface Shift {
  readonly by: number;
}

/** Adds a few levels. */
const brighter: ImageAugmentation<Shift> = {
  id: 'brighter(16)',
  draw: (rng) => ({ by: rng.int(16) }),
  apply: (image, { by }, out) => image.forEach((value, i) => (out[i] = Math.min(255, value + by))),
};

const average: MixingAugmentation<Shift> = {
  id: 'average',
  draw: () => ({ by: 0 }),
  mix: (image, partner, _, out) => image.forEach((value, i) => (out[i] = (value + partner[i]!) >> 1)),
};

const failures = async (augmentation: Augmentation): Promise<string[]> =>
  (await failuresOf((runner) => augmentationContract(runner, () => augmentation))).map((name) =>
    name.replace('augmentation contract > ', ''),
  );

let calls = 0;
let memory = 0;
const faults: readonly (readonly [fault: string, check: string, Augmentation])[] = [
  ['has no id', 'has an id, and changes images by themselves or mixes them', { ...brighter, id: '' }],
  [
    'draws from elsewhere',
    'draws the same from the same random numbers',
    { ...brighter, draw: () => ({ by: ++calls % 16 }) },
  ],
  ['draws a function', 'draws records of JSON data', { ...brighter, draw: () => () => 1 }],
  [
    'draws what JSON loses',
    'draws records of JSON data',
    {
      id: 'map',
      draw: () => new Map([['by', 3]]),
      apply: (image: Uint8Array, record: unknown, out: Uint8Array) =>
        brighter.apply(image, { by: record instanceof Map ? 3 : 0 }, out),
    },
  ],
  [
    'remembers the image before',
    'does the same to an image whatever was changed before it',
    {
      ...brighter,
      apply(image: Uint8Array, record: Shift, out: Uint8Array) {
        brighter.apply(image, { by: memory }, out);
        memory = record.by + image[0]!;
      },
    },
  ],
  [
    'leaves bytes as they were',
    'writes every byte of the output and none beyond it',
    { ...brighter, apply: (image, _, out) => out.set(image.subarray(1), 1) },
  ],
  [
    'writes beyond the output',
    'writes every byte of the output and none beyond it',
    {
      ...brighter,
      apply(image, _, out) {
        out.set(image);
        new Uint8Array(out.buffer)[0] = 1;
      },
    },
  ],
  [
    'overflows',
    'stays within 0 to 255',
    {
      ...brighter,
      apply: (image: Uint8Array, { by }: Shift, out: Uint8Array) => {
        for (const [i, value] of image.entries()) out[i] = value + by;
      },
    },
  ],
  [
    'writes to the image',
    'does not write to the images that it is given',
    { ...brighter, apply: (image, _, out) => (image.fill(0), out.fill(0)) },
  ],
  [
    'writes to the partner',
    'does not write to the images that it is given',
    {
      ...average,
      mix: (image, partner, _, out) => {
        partner.fill(0);
        out.set(image);
      },
    },
  ],
  [
    'lists no plain record',
    'lists its records, if it does, with one that leaves images as they are',
    { ...brighter, draw: () => ({ by: 3 }), finite: { records: [{ by: 3 }, { by: 4 }], plain: 0 } },
  ],
  [
    'draws what it does not list',
    'lists its records, if it does, with one that leaves images as they are',
    { ...brighter, finite: { records: [{ by: 0 }], plain: 0 } },
  ],
];

describe('an augmentation', () => {
  it.each([brighter, average, { ...brighter, draw: () => null }])(
    'that is correct passes',
    async (correct) => {
      expect(await failures(correct)).toEqual([]);
    },
  );

  it.each(faults)('that %s is caught: %s', async (_, check, augmentation) => {
    expect(await failures(augmentation)).toContain(check);
  });
});

it('says what is wrong, with the record that shows it', async () => {
  const dark: ImageAugmentation<Shift> = {
    ...brighter,
    apply: (image, _, out) => (image.fill(0), out.fill(0)),
  };
  let message = '';
  const bodies: (() => void | Promise<void>)[] = [];
  augmentationContract(
    {
      describe: (_, body) => body(),
      it: (name, body) => {
        if (name.startsWith('does not write')) bodies.push(body);
      },
      expect,
    },
    () => dark,
  );
  for (const body of bodies)
    await Promise.resolve(body()).catch((error: unknown) => (message = (error as Error).message));
  expect(message).toMatch(/8×8×3, record \{"by":\d+\}: byte \d+ is \d+ and 0/);
});

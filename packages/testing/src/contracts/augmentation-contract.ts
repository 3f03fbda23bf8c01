import { isMixing, Rng, type Augmentation } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';

type Shape = readonly [number, number, number];

/** Options of `augmentationContract`. */
export interface AugmentationContractOptions {
  /** Shapes [H, W, C] of images that it must handle; default: square, non-square, of one channel, of one pixel. */
  readonly shapes?: readonly Shape[];
}

const SHAPES: readonly Shape[] = [
  [8, 8, 3],
  [9, 5, 1],
  [4, 11, 3],
  [1, 1, 3],
];
/** Records that are drawn for every shape. */
const DRAWS = 12;

/** An image of every kind of value, the extreme ones included. */
const imageOf = (shape: Shape, name: string): Uint8Array => {
  const rng = Rng.fromSeed(5).split(name);
  return Uint8Array.from({ length: sizeOf(shape) }, (_, i) =>
    i % 4 === 0 ? 255 * rng.int(2) : rng.int(256),
  );
};
const sizeOf = ([height, width, channels]: Shape): number => height * width * channels;

/** Writes an image, changed by a record, or mixed with another one. */
function changed(
  augmentation: Augmentation,
  image: Uint8Array,
  partner: Uint8Array,
  record: unknown,
  out: Uint8Array,
): Uint8Array {
  if (isMixing(augmentation)) augmentation.mix(image, partner, record, out);
  else augmentation.apply(image, record, out);
  return out;
}

/** The first byte that differs, in words; null where there is none. */
function difference(one: ArrayLike<number>, two: ArrayLike<number>): string | null {
  const at = Array.from(one).findIndex((value, i) => value !== two[i]);
  return at < 0 ? null : `byte ${at} is ${one[at]} and ${two[at]}`;
}

/**
 * Contract of an augmentation: what is drawn is JSON data and the same from the same random numbers; the same record does
 * the same to an image whatever was changed before; every byte of the output is written, within 0 to 255, and none of the
 * input; images of one channel, that are not square, and of one pixel work; the listed records are ones that can be drawn.
 *
 * `create` is called for every test and shape.
 */
export function augmentationContract(
  { describe, it, expect }: ContractRunner,
  create: (shape: Shape) => Augmentation | Promise<Augmentation>,
  { shapes = SHAPES }: AugmentationContractOptions = {},
): void {
  /** Runs a check with records of every shape; expects that it finds nothing. */
  const forEachRecord = async (
    check: (augmentation: Augmentation, record: unknown, shape: Shape) => string | null,
  ): Promise<void> => {
    const problems: string[] = [];
    for (const shape of shapes) {
      const augmentation = await create(shape);
      for (let seed = 0; seed < DRAWS; seed++) {
        const record = augmentation.draw(Rng.fromSeed(seed));
        if (record === null) continue;
        const problem = check(augmentation, record, shape);
        if (problem !== null) {
          problems.push(
            `${shape.join('×')}, record ${(JSON.stringify(record) as string | undefined)?.slice(0, 200)}: ${problem}`,
          );
        }
      }
    }
    expect(problems.slice(0, 3).join('\n')).toBe('');
  };
  const applied = (augmentation: Augmentation, record: unknown, shape: Shape, fill = 0): Uint8Array =>
    changed(
      augmentation,
      imageOf(shape, 'image'),
      imageOf(shape, 'partner'),
      record,
      new Uint8Array(sizeOf(shape)).fill(fill),
    );

  describe('augmentation contract', () => {
    it('has an id, and changes images by themselves or mixes them', async () => {
      for (const shape of shapes) {
        const augmentation = await create(shape);
        expect(augmentation.id.length).toBeGreaterThan(0);
        expect(augmentation.id).toBe((await create(shape)).id);
        expect('apply' in augmentation).toBe(!isMixing(augmentation));
      }
    });

    it('draws the same from the same random numbers', async () => {
      const problems: string[] = [];
      for (const shape of shapes) {
        const [one, other] = [await create(shape), await create(shape)];
        for (let seed = 0; seed < DRAWS; seed++) {
          const first = JSON.stringify(one.draw(Rng.fromSeed(seed)));
          for (const augmentation of [one, other]) {
            const again = JSON.stringify(augmentation.draw(Rng.fromSeed(seed)));
            if (again !== first) problems.push(`${shape.join('×')}, seed ${seed}: ${first}, then ${again}`);
          }
        }
      }
      expect(problems.slice(0, 3).join('\n')).toBe('');
    });

    it('draws records of JSON data', () =>
      forEachRecord((augmentation, record, shape) => {
        const text = JSON.stringify(record) as string | undefined;
        if (text === undefined) return `${typeof record} is no JSON data`;
        const read: unknown = JSON.parse(text);
        const found = difference(applied(augmentation, record, shape), applied(augmentation, read, shape));
        return found && `after writing and reading the record as JSON, ${found}`;
      }));

    it('does the same to an image whatever was changed before it', () =>
      forEachRecord((augmentation, record, shape) => {
        const alone = applied(augmentation, record, shape);
        const other = augmentation.draw(Rng.fromSeed(99));
        if (other !== null) {
          const out = new Uint8Array(sizeOf(shape));
          changed(augmentation, imageOf(shape, 'another'), imageOf(shape, 'one more'), other, out);
        }
        return difference(alone, applied(augmentation, record, shape));
      }));

    it('writes every byte of the output and none beyond it', () =>
      forEachRecord((augmentation, record, shape) => {
        const size = sizeOf(shape);
        const missed = difference(
          applied(augmentation, record, shape, 0),
          applied(augmentation, record, shape, 255),
        );
        if (missed !== null) return `from an output of 0 and one of 255, ${missed}`;
        const memory = new Uint8Array(size + 16).fill(77);
        const out = memory.subarray(8, 8 + size);
        changed(augmentation, imageOf(shape, 'image'), imageOf(shape, 'partner'), record, out);
        const outside = [...memory.subarray(0, 8), ...memory.subarray(8 + size)];
        return outside.every((byte) => byte === 77) ? null : 'it writes outside of the output';
      }));

    it('stays within 0 to 255', () =>
      forEachRecord((augmentation, record, shape) => {
        // An array that keeps what bytes would take modulo 256.
        const out = new Float32Array(sizeOf(shape)) as unknown as Uint8Array;
        changed(augmentation, imageOf(shape, 'image'), imageOf(shape, 'partner'), record, out);
        const wrong = out.findIndex((value) => !(value >= 0 && value < 256));
        return wrong < 0 ? null : `byte ${wrong} would be ${out[wrong]}`;
      }));

    it('does not write to the images that it is given', () =>
      forEachRecord((augmentation, record, shape) => {
        const [image, partner] = [imageOf(shape, 'image'), imageOf(shape, 'partner')];
        changed(augmentation, image, partner, record, new Uint8Array(sizeOf(shape)));
        return difference(imageOf(shape, 'image'), image) ?? difference(imageOf(shape, 'partner'), partner);
      }));

    it('lists its records, if it does, with one that leaves images as they are', async () => {
      for (const shape of shapes) {
        const augmentation = await create(shape);
        if (isMixing(augmentation) || augmentation.finite === undefined) continue;
        const { records, plain } = augmentation.finite;
        const image = [...imageOf(shape, 'image')];
        expect([...applied(augmentation, records[plain], shape)]).toEqual(image);
        const listed = records.map((record) => JSON.stringify(record));
        for (let seed = 0; seed < DRAWS; seed++) {
          const drawn = JSON.stringify(augmentation.draw(Rng.fromSeed(seed)) ?? records[plain]);
          expect(listed).toContain(drawn);
        }
      }
    });
  });
}

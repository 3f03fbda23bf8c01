import { isMixing, Rng, type Augmentation } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { suiteOf, type Check } from '../harness/suite.js';

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
  runner: ContractRunner,
  create: (shape: Shape) => Augmentation | Promise<Augmentation>,
  { shapes = SHAPES }: AugmentationContractOptions = {},
): void {
  const { describe, it } = suiteOf(runner, 'the augmentation');
  /** Runs a check with records of every shape; expects that it finds nothing. */
  const forEachRecord = async (
    { none }: Check,
    problem: string,
    expected: string,
    check: (augmentation: Augmentation, record: unknown, shape: Shape) => string | null,
  ): Promise<void> => {
    const problems: string[] = [];
    for (const shape of shapes) {
      const augmentation = await create(shape);
      for (let seed = 0; seed < DRAWS; seed++) {
        const record = augmentation.draw(Rng.fromSeed(seed));
        if (record === null) continue;
        const found = check(augmentation, record, shape);
        if (found !== null) {
          problems.push(
            `${shape.join('×')}, record ${(JSON.stringify(record) as string | undefined)?.slice(0, 200)}: ${found}`,
          );
        }
      }
    }
    none(problems, problem, expected);
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
    const identified = 'set id to a text with every constant, and give it either apply or mix.';
    it('has an id, and changes images by themselves or mixes them', identified, async (check) => {
      for (const shape of shapes) {
        const augmentation = await create(shape);
        const { id } = augmentation;
        check.that(typeof id === 'string' && id !== '', 'has no id', { expected: 'a text', received: id });
        check.equal((await create(shape)).id, id, 'has another id each time');
        check.that('apply' in augmentation !== isMixing(augmentation), 'has not one way to change images', {
          expected: 'either apply or mix',
          received: 'apply' in augmentation ? 'both' : 'none of them',
        });
      }
    });

    const seeded = 'take all randomness from the rng that draw receives.';
    it('draws the same from the same random numbers', seeded, async (check) => {
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
      check.none(problems, 'draws something else each time', 'the same record from the same random numbers');
    });

    const json =
      'return numbers, texts, arrays and plain objects from draw, or null for an image that stays as it is.';
    it('draws records of JSON data', json, (check) =>
      forEachRecord(
        check,
        'draws what JSON does not hold',
        'a record that is the same after writing and reading it',
        (augmentation, record, shape) => {
          const text = JSON.stringify(record) as string | undefined;
          if (text === undefined) return `${typeof record} is no JSON data`;
          const read: unknown = JSON.parse(text);
          const found = difference(applied(augmentation, record, shape), applied(augmentation, read, shape));
          return found && `after writing and reading the record as JSON, ${found}`;
        },
      ),
    );

    const pure = 'compute from the image and the record alone, without random numbers or fields that change.';
    it('does the same to an image whatever was changed before it', pure, (check) =>
      forEachRecord(
        check,
        'does something else to an image after another one',
        'the same bytes each time',
        (augmentation, record, shape) => {
          const alone = applied(augmentation, record, shape);
          const other = augmentation.draw(Rng.fromSeed(99));
          if (other !== null) {
            const out = new Uint8Array(sizeOf(shape));
            changed(augmentation, imageOf(shape, 'another'), imageOf(shape, 'one more'), other, out);
          }
          return difference(alone, applied(augmentation, record, shape));
        },
      ),
    );

    const whole = 'write out[i] for every i of the image: out holds bytes of an earlier image.';
    it('writes every byte of the output and none beyond it', whole, (check) =>
      forEachRecord(
        check,
        'does not write its output alone',
        'every byte of out is written, and none beyond it',
        (augmentation, record, shape) => {
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
        },
      ),
    );

    const clamped = 'clamp: Math.min(255, Math.max(0, value)).';
    it('stays within 0 to 255', clamped, (check) =>
      forEachRecord(
        check,
        'leaves the range of bytes',
        'values of 0 to 255',
        (augmentation, record, shape) => {
          // An array that keeps what bytes would take modulo 256.
          const out = new Float32Array(sizeOf(shape)) as unknown as Uint8Array;
          changed(augmentation, imageOf(shape, 'image'), imageOf(shape, 'partner'), record, out);
          const wrong = out.findIndex((value) => !(value >= 0 && value < 256));
          return wrong < 0 ? null : `byte ${wrong} would be ${out[wrong]}`;
        },
      ),
    );

    const read = "write to out alone: the image is the dataset's.";
    it('does not write to the images that it is given', read, (check) =>
      forEachRecord(
        check,
        'writes to an image that it is given',
        'images that are not changed',
        (augmentation, record, shape) => {
          const [image, partner] = [imageOf(shape, 'image'), imageOf(shape, 'partner')];
          changed(augmentation, image, partner, record, new Uint8Array(sizeOf(shape)));
          return difference(imageOf(shape, 'image'), image) ?? difference(imageOf(shape, 'partner'), partner);
        },
      ),
    );

    const listed =
      'list in finite.records every record that draw returns; plain is the index of the one without effect.';
    it('lists its records, if it does, with one that leaves images as they are', listed, async (check) => {
      for (const shape of shapes) {
        const augmentation = await create(shape);
        if (isMixing(augmentation) || augmentation.finite === undefined) continue;
        const { records, plain } = augmentation.finite;
        const image = imageOf(shape, 'image');
        const changed = difference(image, applied(augmentation, records[plain], shape));
        check.none(
          changed === null ? [] : [changed],
          'has a plain record that changes images',
          'the same bytes',
        );
        const all = records.map((record) => JSON.stringify(record));
        for (let seed = 0; seed < DRAWS; seed++) {
          const drawn = JSON.stringify(augmentation.draw(Rng.fromSeed(seed)) ?? records[plain]);
          check.that(all.includes(drawn), 'draws a record that it does not list', {
            expected: `one of ${all.join(', ')}`,
            received: drawn,
          });
        }
      }
    });
  });
}

import { AncError, Rng, Teacher, type HostTensor, type Tree } from '@anc/core';

/** What a teacher's numbers are. One number per image is of the second of two classes. */
export type OutputMeaning = 'logits' | 'probabilities' | 'binary-logit' | 'binary-probability';

/** Lower bounds of probabilities, so that their logarithms are finite; of one unit, float32 leaves steps of 6e-8. */
const LEAST = 1e-12;
const LEAST_OF_TWO = 1e-7;
/** What rounding may do to a probability. */
const ROUNDING = 1e-3;

/**
 * A teacher with logits of its classes, made of one that gives something else: of a logit z, 0 and z; of a probability p,
 * log(1 - p) and log(p); of probabilities, their logarithms.
 */
export class InterpretedTeacher extends Teacher {
  readonly name: string;
  readonly hash: string;
  readonly outputs: Tree<readonly number[]>;

  constructor(
    readonly inner: Teacher,
    readonly meaning: Exclude<OutputMeaning, 'logits'>,
  ) {
    super();
    this.name = inner.name;
    this.hash = JSON.stringify([inner.hash, meaning]);
    const width = meaning === 'probabilities' ? inner.outputs['logits']![0]! : 2;
    this.outputs = { ...inner.outputs, logits: [width] };
  }

  async infer(images: HostTensor, names: readonly string[]): Promise<Tree<HostTensor>> {
    const outputs = await this.inner.infer(images, names);
    const { logits } = outputs;
    return logits === undefined ? outputs : { ...outputs, logits: this.#logitsOf(logits, images.shape[0]!) };
  }

  dispose(): Promise<void> {
    return this.inner.dispose();
  }

  #logitsOf({ data }: HostTensor, count: number): HostTensor {
    const { meaning } = this;
    const width = this.outputs['logits']![0]!;
    const numbers = meaning === 'probabilities' ? width : 1;
    if (data.length !== count * numbers) {
      throw new AncError('ANC_TEACHER_OUTPUT', `teacher "${this.name}" gives another number of rows.`, {
        expected: `${count} rows for ${count} images`,
        received: `${data.length / numbers}`,
      });
    }
    const logits = new Float32Array(count * width);
    data.forEach((value, i) => {
      if (meaning === 'binary-logit') logits[2 * i + 1] = value;
      else if (value < -ROUNDING || value > 1 + ROUNDING) throw this.#noProbability(value);
      else if (meaning === 'probabilities') logits[i] = Math.log(Math.max(LEAST, value));
      else {
        logits[2 * i] = Math.log(Math.max(LEAST_OF_TWO, 1 - value));
        logits[2 * i + 1] = Math.log(Math.max(LEAST_OF_TWO, value));
      }
    });
    return { shape: [count, width], data: logits };
  }

  #noProbability(value: number): AncError {
    return new AncError(
      'ANC_TEACHER_OUTPUT',
      `teacher "${this.name}" gives numbers that are no probabilities.`,
      {
        expected: 'numbers from 0 to 1, as it gave for the images that it was tried with',
        received: String(value),
        hint: "where it gives logits, say so: teacher.outputs = 'logits'.",
      },
    );
  }
}

/** What the meaning is, for people; null for logits of two classes or more. */
export function meaningNotice(name: string, meaning: OutputMeaning): string | null {
  switch (meaning) {
    case 'logits':
      return null;
    case 'probabilities':
      return `teacher "${name}" gives probabilities; their logarithms are its logits.`;
    case 'binary-logit':
      return `teacher "${name}" gives one number per image, taken as the logit z of the second of two classes: logits 0 and z.`;
    case 'binary-probability':
      return `teacher "${name}" gives one number per image, taken as the probability p of the second of two classes: logits log(1 - p) and log(p).`;
  }
}

/**
 * What a teacher's `logits` are: what the caller says, else by their values for flat images, gradients and noise. Rows
 * from 0 to 1 with the sum 1 are probabilities, and so is one number that stays between 0 and 1.
 *
 * @param said `logits` or `probabilities`; undefined where the caller does not say
 * @param shape [H, W, C] of the images
 */
export async function meaningOf(
  teacher: Teacher,
  shape: readonly [number, number, number],
  said: 'logits' | 'probabilities' | undefined,
): Promise<OutputMeaning> {
  const isUnit = teacher.outputs['logits']![0] === 1;
  if (said !== undefined) return isUnit ? (said === 'logits' ? 'binary-logit' : 'binary-probability') : said;
  const values = async (data: Uint8Array, count: number): Promise<Float32Array> =>
    (await teacher.infer({ shape: [count, ...shape], data }, ['logits']))['logits']!.data as Float32Array;
  const varied = variedImages(shape);
  const numbers = await values(varied.data, varied.count);
  if (isUnit) return numbers.every((p) => p >= 0 && p <= 1) ? 'binary-probability' : 'binary-logit';
  return areProbabilities(numbers, varied.count) ? 'probabilities' : 'logits';
}

/** Whether rows are from 0 to 1, with the sum 1. */
export function areProbabilities(numbers: HostTensor['data'], count: number): boolean {
  const values = Array.from(numbers);
  const width = values.length / count;
  return Array.from({ length: count }, (_, i) => values.slice(i * width, (i + 1) * width)).every(
    (row) => row.every((p) => p >= 0) && Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) < ROUNDING,
  );
}

/** Flat images, gradients and noise: [count, H, W, C] bytes. */
function variedImages([height, width, channels]: readonly [number, number, number]) {
  const size = height * width * channels;
  const rng = Rng.fromSeed(0).split('varied images');
  const column = (i: number): number => Math.floor(i / channels) % width;
  const row = (i: number): number => Math.floor(i / channels / width);
  const kinds: readonly ((i: number) => number)[] = [
    ...[0, 64, 128, 192, 255].map((value) => () => value),
    (i) => (255 * column(i)) / width,
    (i) => 255 - (255 * column(i)) / width,
    (i) => (255 * row(i)) / height,
    (i) => 255 - (255 * row(i)) / height,
    ...[32, 128, 256].map((levels) => () => rng.int(levels)),
  ];
  const data = new Uint8Array(kinds.length * size).map((_, i) => kinds[Math.floor(i / size)]!(i % size));
  return { data, count: kinds.length };
}

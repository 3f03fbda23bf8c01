import { AncError, Teacher, type Dataset, type HostTensor, type Tree } from '@anc/core';
import { areProbabilities } from './interpreted-teacher.js';

/** Images as bytes [B, H, W, C], 0..255, and what a teacher function gives for them. */
export interface ImageTensor {
  /** [B, H, W, C]. */
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
  /** Bytes in row-major order, 0..255. */
  readonly data: Uint8Array;
}

/**
 * Outputs for a batch: logits [B × classes], row by row, and features [B × d] where there are any. One number per image is
 * of the second of two classes: a logit, or a probability where it stays between 0 and 1.
 */
export type TeacherFunctionResult =
  | Float32Array
  | readonly (readonly number[])[]
  | {
      /** Logits [B, classes], as rows or row-major. */
      readonly logits: Float32Array | readonly (readonly number[])[];
      /** Features [B, d], as rows or row-major; without them the logits alone are distilled. */
      readonly features?: Float32Array | readonly (readonly number[])[];
    };

/**
 * A frozen classifier as a function: bytes in, logits out. It must give the same result for the same image, whatever the
 * batch. A cache on disk keeps its outputs under `id`; without one they are cached for the run alone.
 */
export interface TeacherFunction {
  (images: ImageTensor): TeacherFunctionResult | Promise<TeacherFunctionResult>;
  /** Identifies the function's weights; change it when they change. */
  id?: string;
  /** Names of the classes, in the order of the logits. */
  classes?: readonly string[];
  /** What it returns as `logits`; without it, rows from 0 to 1 with the sum 1 are taken for probabilities. */
  outputs?: 'logits' | 'probabilities';
}

let unnamed = 0;

/** A teacher made of a function. */
export class FunctionTeacher extends Teacher {
  private constructor(
    readonly call: TeacherFunction,
    readonly name: string,
    readonly hash: string,
    readonly outputs: Tree<readonly number[]>,
    /** Whether its first outputs are probabilities, for black images. */
    readonly mayBeProbabilities: boolean,
  ) {
    super();
  }

  /** Calls the function twice, to learn the shapes of its outputs and that there is a row for each image. */
  static async create(call: TeacherFunction, shape: Dataset['shape']): Promise<FunctionTeacher> {
    const name = call.id ?? (call.name === '' ? 'teacher function' : call.name);
    const hash = JSON.stringify(['teacher function', call.id ?? [name, process.pid, ++unnamed]]);
    const size = shape[0] * shape[1] * shape[2];
    const probe = await outputsOf(call, { shape: [2, ...shape], data: new Uint8Array(2 * size) });
    await assertRows(call, shape, probe);
    const outputs = Object.fromEntries(
      Object.entries(probe).map(([key, value]) => [key, value.shape.slice(1)]),
    );
    return new FunctionTeacher(call, name, hash, outputs, areProbabilities(probe.logits!.data, 2));
  }

  async infer(images: HostTensor, names: readonly string[]): Promise<Tree<HostTensor>> {
    const outputs = await outputsOf(this.call, images as HostTensor & ImageTensor);
    const missing = names.find((name) => outputs[name] === undefined);
    if (missing !== undefined) {
      throw new AncError('ANC_TEACHER_OUTPUT', `teacher "${this.name}" has no output "${missing}".`, {
        expected: `one of ${Object.keys(this.outputs).join(', ')}`,
      });
    }
    for (const name of names) {
      const [wanted, found] = [this.outputs[name]!, outputs[name]!.shape.slice(1)];
      if (wanted.join() === found.join()) continue;
      throw new AncError('ANC_TEACHER_OUTPUT', `teacher "${this.name}": "${name}" changed its shape.`, {
        expected: `[${wanted.join(', ')}] per image`,
        received: `[${found.join(', ')}]`,
      });
    }
    return Object.fromEntries(names.map((name) => [name, outputs[name]!]));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

/** Numbers without rows are one row for each image if a larger batch gives rows of the same length. */
async function assertRows(
  call: TeacherFunction,
  shape: Dataset['shape'],
  probe: Tree<HostTensor>,
): Promise<void> {
  const size = shape[0] * shape[1] * shape[2];
  const larger = await outputsOf(call, { shape: [3, ...shape], data: new Uint8Array(3 * size) });
  for (const [name, { shape: found }] of Object.entries(larger)) {
    const width = probe[name]?.shape[1];
    if (width === found[1]) continue;
    throw new AncError('ANC_TEACHER_OUTPUT', `the teacher function returned ${name} of a wrong size.`, {
      expected: 'one row of one length for each image, whatever the batch',
      received: `${2 * (width ?? 0)} numbers for 2 images, ${3 * found[1]!} for 3`,
    });
  }
}

async function outputsOf(call: TeacherFunction, images: ImageTensor): Promise<Tree<HostTensor>> {
  const result = (await call(images)) as TeacherFunctionResult | null | undefined;
  if (typeof result !== 'object' || result === null) {
    throw new AncError('ANC_TEACHER_OUTPUT', 'the teacher function returned no outputs.', {
      expected: 'logits: a Float32Array, or one row of numbers for each image',
      received: result === null ? 'null' : typeof result,
    });
  }
  const [batch] = images.shape;
  const { logits, features } =
    result instanceof Float32Array || Array.isArray(result)
      ? { logits: result as Float32Array | readonly (readonly number[])[], features: undefined }
      : (result as Exclude<TeacherFunctionResult, Float32Array | readonly (readonly number[])[]>);
  return {
    logits: tensorOf('logits', logits, batch),
    ...(features === undefined ? {} : { features: tensorOf('features', features, batch) }),
  };
}

function tensorOf(
  name: string,
  value: Float32Array | readonly (readonly number[])[] | undefined,
  batch: number,
): HostTensor {
  const data = value instanceof Float32Array ? value : Float32Array.from((value ?? []).flat());
  const rows = value instanceof Float32Array ? null : (value?.length ?? 0);
  const isEven = rows === null || (rows === batch && isRectangle(value as readonly (readonly number[])[]));
  if (data.length > 0 && data.length % batch === 0 && isEven) {
    return { shape: [batch, data.length / batch], data };
  }
  throw new AncError('ANC_TEACHER_OUTPUT', `the teacher function returned ${name} of a wrong size.`, {
    expected: `${batch} rows of one length, one for each image`,
    received: rows === null ? `${data.length} numbers` : `${rows} rows, ${data.length} numbers`,
  });
}

const isRectangle = (rows: readonly (readonly number[])[]): boolean =>
  rows.every(({ length }) => length === rows[0]!.length);

import { Teacher, type HostTensor, type Tree } from '@anc/core';
import type { OpenTeacher } from '../src/planning/given-teacher.js';

interface CornerTeacherOptions {
  readonly features?: boolean;
  readonly classes?: readonly string[];
  readonly notices?: readonly string[];
}

/**
 * The right answer for `corners` as a frozen teacher: logits are the mean brightness of each corner, in units of 10 grey
 * levels; features are the same, the first two of them again.
 */
export class CornerTeacher extends Teacher {
  readonly name = 'corner teacher';
  readonly hash = 'corner teacher';
  readonly outputs: Tree<readonly number[]>;
  /** How many images it was shown. */
  seen = 0;

  constructor(
    readonly classes = 4,
    features = true,
  ) {
    super();
    this.outputs = { logits: [classes], ...(features ? { features: [6] } : {}) };
  }

  infer({ shape, data }: HostTensor, names: readonly string[]): Promise<Tree<HostTensor>> {
    const count = shape[0]!;
    const sums = new Float32Array(4 * count);
    for (let i = 0; i < count * 64; i++) {
      const [y, x] = [(i >> 3) & 7, i & 7];
      const at = 4 * (i >> 6) + 2 * (y >> 2) + (x >> 2);
      sums[at] = sums[at]! + data[i]! / 160;
    }
    this.seen += count;
    const outputs: Tree<HostTensor> = {
      logits: {
        shape: [count, this.classes],
        data: Float32Array.from({ length: count * this.classes }, (_, i) =>
          i % this.classes < 4 ? sums[4 * Math.floor(i / this.classes) + (i % this.classes)]! : 0,
        ),
      },
      features: {
        shape: [count, 6],
        data: Float32Array.from(
          { length: 6 * count },
          (_, i) => sums[4 * Math.floor(i / 6) + ((i % 6) & 3)]!,
        ),
      },
    };
    return Promise.resolve(Object.fromEntries(names.map((name) => [name, outputs[name]!])));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

/** Opens it as the teacher of a run, with the number of its disposals. */
export function cornerTeacher({
  features = true,
  classes = ['nw', 'ne', 'sw', 'se'],
  notices = [],
}: CornerTeacherOptions = {}): { open: OpenTeacher; teacher: CornerTeacher; counts: { disposed: number } } {
  const counts = { disposed: 0 };
  const teacher = new CornerTeacher(classes.length, features);
  const open: OpenTeacher = (_dataset, model) =>
    Promise.resolve({
      name: 'teacher',
      model,
      given: {
        teacher,
        model: teacher.name,
        classes: classes.length,
        classNames: classes,
        parameters: 0,
        flops: null,
        normalization: null,
        digest: 'corners',
        bytes: 0,
        notices,
        dispose: async () => {
          counts.disposed++;
        },
      },
    });
  return { open, teacher, counts };
}

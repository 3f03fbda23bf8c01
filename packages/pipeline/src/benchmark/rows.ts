import type { HostTensor } from '@anc/core';
import type { Precision } from '../export/format.js';
import type { ApartModel } from '../memory/memory.js';
import type { MeasuredBatch } from '../measurement/measure.js';

/** A model as it was measured: with one precision, on one backend. */
export interface BenchmarkRow {
  /** `teacher`, the student's name, or the file. */
  readonly model: string;
  /** The run or file that it is of. */
  readonly of: string;
  /** Type of the numbers that the model computes with. */
  readonly precision: Precision;
  /** Name of the backend. */
  readonly backend: string;
  /** Null where they are not counted. */
  readonly parameters: number | null;
  /** 2 × multiply-adds + bias additions, for one image; null where it is not counted. */
  readonly flops: number | null;
  /** Size of the model's file. */
  readonly bytes: number;
  /**
   * Bytes by which a process grows, at most, while it opens the model and predicts; null where that cannot be measured.
   */
  readonly memory: number | null;
  /** Share of images with the same class as in the first row; null without images, and of the first row. */
  readonly agreement: number | null;
  /** Latency and throughput for each size of batch. */
  readonly batches: readonly MeasuredBatch[];
}

/** A model with one precision on one backend, open. */
export interface OpenRow extends Omit<BenchmarkRow, 'memory' | 'agreement' | 'batches'> {
  /** [H, W, C] of the images that it takes. */
  readonly input: readonly [number, number, number];
  readonly classes: number;
  /** What a process of its own opens to measure its memory; null where that is not possible. */
  readonly apart: ApartModel | null;
  /** Bytes [B, H, W, C] in, logits [B, classes] out. */
  run(images: HostTensor): Promise<HostTensor>;
  dispose(): Promise<void>;
}

/** Times and their differences that are noise. */
const SLOWER = 1.05;

/** What the measurement says of a deployment, in sentences. */
export function benchmarkNotes(rows: readonly BenchmarkRow[]): string[] {
  const notes: string[] = [];
  const groups = new Map<string, BenchmarkRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.of, row.model, row.backend]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  for (const group of groups.values()) {
    const [float, half, int8] = (['float32', 'float16', 'int8'] as const).map((precision) =>
      group.find((row) => row.precision === precision),
    );
    if (float === undefined) continue;
    const what = `${float.model} with ${float.backend}`;
    const base = singleOf(float);
    if (int8 !== undefined && singleOf(int8) > SLOWER * base) {
      notes.push(
        `${what}: int8 takes ${ms(singleOf(int8))} for one image and float32 ${ms(base)}. ` +
          (int8.bytes < float.bytes
            ? `Deploy float32 where time counts; int8 has ${share(int8.bytes, float.bytes)} of its bytes.`
            : 'Deploy float32: it is smaller, too.'),
      );
    }
    if (half !== undefined && singleOf(half) > SLOWER * base) {
      notes.push(
        `${what}: float16 takes ${ms(singleOf(half))} for one image and float32 ${ms(base)}: this processor converts its ` +
          `values. It saves bytes here, not time.`,
      );
    }
  }
  return [...notes, ...teacherNotes(rows)];
}

/** Where the teacher of 8 bits is as quick as a student, the student is hardly worthwhile. */
function teacherNotes(rows: readonly BenchmarkRow[]): string[] {
  return rows.flatMap((teacher) => {
    if (teacher.model !== 'teacher' || teacher.precision !== 'int8') return [];
    const quick = rows.filter(
      ({ model, of, backend, precision }) =>
        model !== 'teacher' && of === teacher.of && backend === teacher.backend && precision === 'float32',
    );
    return quick
      .filter((student) => singleOf(teacher) <= singleOf(student))
      .map(
        (student) =>
          `the int8 teacher takes ${ms(singleOf(teacher))} for one image and ${student.model} ${ms(singleOf(student))} ` +
          `with ${teacher.backend}: on this machine the student is ` +
          (student.bytes < teacher.bytes ? 'smaller, but not faster.' : 'neither smaller nor faster.'),
      );
  });
}

/** Median for one image, in milliseconds; NaN, which nothing is slower than, where it was not measured. */
const singleOf = ({ batches }: BenchmarkRow): number => batches.find(({ size }) => size === 1)?.p50 ?? NaN;
const ms = (value: number): string => `${value.toPrecision(3)} ms`;
const share = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;

import { Rng, sizeOf, valueAndGradients, type HostTensor, type Task, type TaskData } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { wrongGradients } from '../harness/finite-differences.js';
import { toTensor } from '../harness/tensors.js';
import { untraceableIn } from '../harness/untraceable.js';

export interface TaskContractOptions extends TaskData {
  /** Targets of some images, flattened; default: class indices, drawn evenly. */
  readonly targets?: (rng: Rng, images: number) => Int32Array;
  /** A registered tfjs backend; `cpu` by default. */
  readonly backend?: string;
}

const IMAGES = 6;

/**
 * Contract of a task: shapes of logits and targets; a loss, metrics and agreement of a batch that are finite scalars, the
 * loss with gradients that agree with finite differences, none with operations that a recorded graph cannot repeat;
 * predictions of an image that do not depend on the others; metrics that are the same measured in one batch or several;
 * and agreement of 1 with itself.
 *
 * `create` is called for every test. The tfjs backend must be registered by the caller.
 */
export function taskContract(
  { describe, it, expect }: ContractRunner,
  create: () => Task,
  { targets: draw, backend = 'cpu', ...data }: TaskContractOptions,
): void {
  const rows = (task: Task, name: string, images = IMAGES): HostTensor => {
    const rng = Rng.fromSeed(5).split(name);
    const shape = [images, ...task.outputs(data)];
    return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => 2 * rng.normal()) };
  };
  const targetsFor = (task: Task): HostTensor & { readonly data: Int32Array } => {
    const shape = [IMAGES, ...task.targets(data)];
    const rng = Rng.fromSeed(5).split('targets');
    const values =
      draw?.(rng, IMAGES) ?? Int32Array.from({ length: sizeOf(shape) }, () => rng.int(data.classes));
    return { shape, data: values };
  };
  /** Images `from` to `to` of a tensor. */
  const part = ({ shape, data: values }: HostTensor, from: number, to: number): HostTensor => {
    const size = sizeOf(shape.slice(1));
    return { shape: [to - from, ...shape.slice(1)], data: values.slice(from * size, to * size) };
  };
  const onTensors = (
    name: string,
    body: (task: Task, at: { logits: Tensor; other: Tensor; targets: Tensor }) => void,
  ): void =>
    it(name, async () => {
      await tf.setBackend(backend);
      tf.tidy(() => {
        const task = create();
        const [logits, other] = ['student', 'teacher'].map((of) => toTensor(rows(task, of)));
        body(task, { logits: logits!, other: other!, targets: toTensor(targetsFor(task)) });
      });
    });
  const value = (x: Tensor): number => x.dataSync()[0]!;
  const isShape = (shape: readonly number[]): boolean =>
    shape.every((size) => Number.isInteger(size) && size > 0);

  describe(`task contract for ${data.input.join('×')}, ${data.classes} classes`, () => {
    it('has a name, and shapes of logits and targets that follow from the data alone', () => {
      const [task, same] = [create(), create()];
      expect(task.name.length).toBeGreaterThan(0);
      expect(same.name).toBe(task.name);
      const [outputs, targets] = [task.outputs(data), task.targets(data)];
      expect(outputs.length).toBeGreaterThan(0);
      expect([isShape(outputs), isShape(targets)]).toEqual([true, true]);
      expect([...same.outputs(data)]).toEqual([...outputs]);
      expect([...same.targets(data)]).toEqual([...targets]);
    });

    it('declares metrics with names of their own, and measures every one of them', () => {
      const task = create();
      const names = task.metrics.map(({ name }) => name);
      expect(names.length).toBeGreaterThan(0);
      expect(new Set(names).size).toBe(names.length);
      expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || name === 'agreement')).toEqual(
        [],
      );
      expect(task.metrics.filter(({ better }) => !['higher', 'lower'].includes(better))).toEqual([]);
      const measurement = task.measure(data);
      measurement.add(rows(task, 'student'), targetsFor(task).data);
      const result = measurement.result();
      expect(names.filter((name) => !Number.isFinite(result[name]))).toEqual([]);
    });

    onTensors('has a loss, batch metrics and agreement that are finite scalars', (task, at) => {
      const scalars = {
        loss: task.loss(at.logits, at.targets),
        agreement: task.batchAgreement(at.logits, at.other),
        ...task.batchMetrics(at.logits, at.targets),
      };
      const wrong = Object.entries(scalars).filter(([, x]) => x.rank !== 0 || !Number.isFinite(value(x)));
      expect(wrong.map(([name]) => name)).toEqual([]);
    });

    onTensors('has a loss whose gradients agree with finite differences', (task, { logits, targets }) => {
      const loss = (at: Tensor): Scalar => task.loss(at, targets);
      const { grads } = valueAndGradients((leaves) => ({ loss: loss(leaves['logits']!) }), { logits });
      const measured = (leaves: Readonly<Record<string, Tensor>>): number => value(loss(leaves['logits']!));
      expect(wrongGradients(measured, { logits }, grads)).toEqual([]);
    });

    onTensors('computes with nothing that a recorded graph cannot repeat', (task, at) => {
      const found = untraceableIn(() => {
        task.loss(at.logits, at.targets);
        task.batchMetrics(at.logits, at.targets);
        task.batchAgreement(at.logits, at.other);
      });
      expect(found).toEqual([]);
    });

    onTensors(
      'agrees with itself, in batches and over splits, and less with others',
      (task, { logits, other }) => {
        expect(Math.abs(value(task.batchAgreement(logits, logits)) - 1)).toBeLessThan(1e-6);
        const [own, teacher] = ['student', 'teacher'].map((of) => task.predict(rows(task, of)));
        expect(task.agreement(own!, own!).agreement).toBe(1);
        const { agreement } = task.agreement(own!, teacher!);
        expect(agreement).toBeGreaterThan(-1e-12);
        expect(agreement).toBeLessThan(1);
        expect(Math.abs(agreement - value(task.batchAgreement(logits, other)))).toBeLessThan(1e-5);
      },
    );

    it('predicts the same number of values for each image, whatever the others are', () => {
      const task = create();
      const logits = rows(task, 'student');
      const all = task.predict(logits);
      const each = all.length / IMAGES;
      expect(Number.isInteger(each) && each > 0).toBe(true);
      const apart = Array.from({ length: IMAGES }, (_, i) => [...task.predict(part(logits, i, i + 1))]);
      expect(apart.flat()).toEqual([...all]);
    });

    it('measures the same in one batch or several', () => {
      const task = create();
      const [logits, targets] = [rows(task, 'student'), targetsFor(task)];
      const whole = task.measure(data);
      whole.add(logits, targets.data);
      const parts = task.measure(data);
      for (const [from, to] of [
        [0, 1],
        [1, 4],
        [4, IMAGES],
      ] as const) {
        parts.add(part(logits, from, to), part(targets, from, to).data as Int32Array);
      }
      const [once, several] = [whole.result(), parts.result()];
      const differing = Object.keys(once).filter((name) => !(Math.abs(several[name]! - once[name]!) < 1e-9));
      expect(differing).toEqual([]);
    });
  });
}

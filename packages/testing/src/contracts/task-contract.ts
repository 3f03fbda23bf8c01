import { Rng, sizeOf, valueAndGradients, type HostTensor, type Task, type TaskData } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { suiteOf, type Check } from '../harness/suite.js';
import { differing } from '../harness/compare.js';
import { wrongGradients } from '../harness/finite-differences.js';
import { toTensor } from '../harness/tensors.js';
import { setBackend } from '../harness/set-backend.js';
import { RECORDABLE_HINT, untraceableIn } from '../harness/untraceable.js';

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
  runner: ContractRunner,
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
  const { describe, it } = suiteOf(runner, 'the task');
  const onTensors = (
    name: string,
    hint: string,
    body: (task: Task, at: { logits: Tensor; other: Tensor; targets: Tensor }, check: Check) => void,
  ): void =>
    it(name, hint, async (check) => {
      await setBackend(backend);
      tf.tidy(() => {
        const task = create();
        const [logits, other] = ['student', 'teacher'].map((of) => toTensor(rows(task, of)));
        body(task, { logits: logits!, other: other!, targets: toTensor(targetsFor(task)) }, check);
      });
    });
  const value = (x: Tensor): number => x.dataSync()[0]!;
  const isShape = (shape: readonly number[]): boolean =>
    shape.every((size) => Number.isInteger(size) && size > 0);

  describe(`task contract for ${data.input.join('×')}, ${data.classes} classes`, () => {
    const shaped = 'compute outputs and targets from { input, classes } alone, whole numbers above 0.';
    it('has a name, and shapes of logits and targets that follow from the data alone', shaped, (check) => {
      const [task, same] = [create(), create()];
      check.that(typeof task.name === 'string' && task.name !== '', 'has no name', {
        expected: 'a text',
        received: task.name,
      });
      check.equal(same.name, task.name, 'has another name each time');
      const [outputs, targets] = [task.outputs(data), task.targets(data)];
      check.that(outputs.length > 0 && isShape(outputs), 'has no shape of logits', {
        expected: 'one or more whole numbers above 0',
        received: outputs,
      });
      check.that(isShape(targets), 'has no shape of targets', {
        expected: 'whole numbers above 0, or [] for one number per image',
        received: targets,
      });
      check.equal(same.outputs(data), outputs, 'has another shape of logits each time');
      check.equal(same.targets(data), targets, 'has another shape of targets each time');
    });

    const named =
      "give each metric a name like 'mean-iou' and better: 'higher' or 'lower'; return each by its name from result.";
    it('declares metrics with names of their own, and measures every one of them', named, (check) => {
      const task = create();
      const names = task.metrics.map(({ name }) => name);
      check.that(names.length > 0, 'has no metric', { expected: 'one or more', received: 'none' });
      check.equal(new Set(names).size, names.length, 'has metrics of one name');
      const odd = names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || name === 'agreement');
      check.none(
        odd,
        'has a metric with an unusable name',
        'lower-case words joined by -, other than agreement',
      );
      const undirected = task.metrics.filter(({ better }) => !['higher', 'lower'].includes(better));
      check.none(undirected, 'has a metric without a direction', "better: 'higher' or 'lower'");
      const [logits, targets] = [rows(task, 'student'), targetsFor(task)];
      const measurement = task.measure(data);
      measurement.add(logits, targets.data);
      const result = measurement.result();
      const missing = names.filter((name) => !Number.isFinite(result[name]));
      check.none(
        missing.map((name) => `${name}: ${String(result[name])}`),
        'does not measure what it declares',
        `a finite number for each of ${names.join(', ')}`,
      );
      const written = differing(
        { logits, targets },
        { logits: rows(task, 'student'), targets: targetsFor(task) },
      );
      check.none(written, 'writes to what it measures', 'logits and targets that are not changed');
    });

    const scalar =
      'reduce to one number with a mean over the batch; keep logarithms and divisors away from 0.';
    onTensors(
      'has a loss, batch metrics and agreement that are finite scalars',
      scalar,
      (task, at, check) => {
        const scalars = {
          loss: task.loss(at.logits, at.targets),
          agreement: task.batchAgreement(at.logits, at.other),
          ...task.batchMetrics(at.logits, at.targets),
        };
        const wrong = Object.entries(scalars).filter(([, x]) => x.rank !== 0 || !Number.isFinite(value(x)));
        check.none(
          wrong.map(([name, x]) => `${name} of shape [${x.shape.join(', ')}], ${value(x)}`),
          'computes something else than a finite scalar',
          'one finite number each',
        );
        const confident = value(task.loss(tf.mul(at.logits, 40), at.targets));
        check.that(Number.isFinite(confident), 'has a loss that is not finite for a confident network', {
          expected: 'a finite number for logits of ± 80',
          received: confident,
        });
      },
    );

    const mean = 'take means over the batch instead of sums: micro-batches and ranks are averaged.';
    onTensors('has a loss and batch agreement that are means over the batch', mean, (task, at, check) => {
      const twice = (x: Tensor): Tensor => tf.concat([x, x], 0);
      for (const [name, once, again] of [
        ['loss', task.loss(at.logits, at.targets), task.loss(twice(at.logits), twice(at.targets))],
        [
          'agreement',
          task.batchAgreement(at.logits, at.other),
          task.batchAgreement(twice(at.logits), twice(at.other)),
        ],
      ] as const) {
        const [expected, received] = [value(once), value(again)];
        check.that(
          Math.abs(expected - received) <= 1e-4 * Math.max(1, Math.abs(expected)),
          `has a ${name} that depends on the size of the batch`,
          { expected: `${expected}, as before every image came twice`, received },
        );
      }
    });

    const composed = 'compose differentiable operations, without tf.customGrad.';
    onTensors(
      'has a loss whose gradients agree with finite differences',
      composed,
      (task, { logits, targets }, check) => {
        const loss = (at: Tensor): Scalar => task.loss(at, targets);
        const { grads } = valueAndGradients((leaves) => ({ loss: loss(leaves['logits']!) }), { logits });
        const measured = (leaves: Readonly<Record<string, Tensor>>): number => value(loss(leaves['logits']!));
        const wrong = wrongGradients(measured, { logits }, grads);
        check.none(wrong, 'has a loss with wrong gradients', 'gradients that agree with finite differences');
      },
    );

    onTensors(
      'computes with nothing that a recorded graph cannot repeat',
      RECORDABLE_HINT,
      (task, at, check) => {
        const found = untraceableIn(() => {
          task.loss(at.logits, at.targets);
          task.batchMetrics(at.logits, at.targets);
          task.batchAgreement(at.logits, at.other);
        }, [at.logits, at.targets, at.other]);
        check.none(found, 'cannot be recorded as a graph', 'operations of tfjs-core on tensors');
      },
    );

    onTensors(
      'agrees with itself, in batches and over splits, and less with others',
      'return the share of equal predictions, from 0 to 1, by the same rule in agreement and batchAgreement.',
      (task, { logits, other }, check) => {
        const itself = value(task.batchAgreement(logits, logits));
        check.that(Math.abs(itself - 1) < 1e-6, 'does not agree with itself in a batch', {
          expected: '1',
          received: itself,
        });
        const [own, teacher] = ['student', 'teacher'].map((of) => task.predict(rows(task, of)));
        check.equal(task.agreement(own!, own!).agreement, 1, 'does not agree with itself over a split');
        const { agreement } = task.agreement(own!, teacher!);
        check.that(agreement > -1e-12 && agreement < 1, 'agrees with other logits as with its own', {
          expected: '0 or more and less than 1',
          received: agreement,
        });
        const inBatch = value(task.batchAgreement(logits, other));
        check.that(Math.abs(agreement - inBatch) < 1e-5, 'agrees otherwise in a batch than over a split', {
          expected: `${agreement}, as over a split`,
          received: inBatch,
        });
      },
    );

    const each = 'predict each image from its own logits, with the same number of values for every image.';
    it('predicts the same number of values for each image, whatever the others are', each, (check) => {
      const task = create();
      const logits = rows(task, 'student');
      const all = task.predict(logits);
      const count = all.length / IMAGES;
      check.that(
        Number.isInteger(count) && count > 0,
        'predicts not the same number of values for each image',
        {
          expected: `a multiple of ${IMAGES} values for ${IMAGES} images`,
          received: all.length,
        },
      );
      const written = differing({ logits }, { logits: rows(task, 'student') });
      check.none(written, 'writes to the logits in predict', 'logits that are not changed');
      const apart = Array.from({ length: IMAGES }, (_, i) => [...task.predict(part(logits, i, i + 1))]);
      check.equal(apart.flat(), [...all], 'predicts something else where other images are in the batch');
    });

    const summed = 'add up counts in add, and divide in result.';
    it('measures the same in one batch or several', summed, (check) => {
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
      const changed = Object.keys(once).filter((name) => !(Math.abs(several[name]! - once[name]!) < 1e-9));
      check.none(
        changed.map((name) => `${name}: ${several[name]} instead of ${once[name]}`),
        'measures something else in several batches',
        'the same numbers as in one batch',
      );
    });
  });
}

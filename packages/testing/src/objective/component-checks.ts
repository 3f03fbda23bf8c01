import {
  drawNoise,
  EagerBackend,
  mapTree,
  namesOf,
  type Backend,
  type HostTensor,
  type ObjectiveContext,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ContractRunner } from '../harness/contract-runner.js';
import {
  descended,
  differentiable,
  wrongDerivatives,
  type Differentiable,
  type ScalarFunction,
} from '../harness/differentiable.js';
import { setBackend } from '../harness/set-backend.js';
import { suiteOf } from '../harness/suite.js';
import { toTensor } from '../harness/tensors.js';
import { RECORDABLE_HINT, untraceableIn } from '../harness/untraceable.js';
import { violation } from '../harness/violation.js';

/** The backend that a contract runs on: a registered tfjs backend by name, or one that is created once. */
export type ContractBackend = string | (() => Backend | Promise<Backend>);

/** Opens the backend on first use. */
export function openOnce(backend: ContractBackend = 'cpu'): () => Promise<Backend> {
  let opened: Promise<Backend> | null = null;
  const open = async (): Promise<Backend> =>
    typeof backend === 'string' ? new EagerBackend(backend) : backend();
  return () => (opened ??= open());
}

/** A component's scalar function, and the numbers at which it is checked. */
export interface Subject {
  /** As messages call it: `data term "cosine": loss`. */
  readonly what: string;
  readonly compute: ScalarFunction;
  readonly leaves: Tree<HostTensor>;
}

/** Compiles the function on a backend, checks it and disposes of it. */
async function withDifferentiable(
  open: () => Promise<Backend>,
  { compute, leaves }: Subject,
  check: (f: Differentiable) => Promise<void>,
): Promise<void> {
  const f = await differentiable(await open(), compute, leaves);
  try {
    await check(f);
  } finally {
    await f.dispose();
  }
}

/** Finite, and the same when computed again. */
export async function checkFinite(open: () => Promise<Backend>, subject: Subject): Promise<void> {
  await withDifferentiable(open, subject, async (f) => {
    const [one, other] = [await f.value(subject.leaves), await f.value(subject.leaves)];
    if (!Number.isFinite(one)) {
      throw violation(`${subject.what} is not finite.`, {
        expected: 'a finite number for ordinary inputs',
        received: String(one),
        hint: 'keep logarithms, square roots and divisions away from zero, e.g. tf.sqrt(tf.add(x, 1e-12)).',
      });
    }
    if (one === other) return;
    throw violation(`${subject.what} changes from call to call.`, {
      expected: `${one} again`,
      received: String(other),
      hint: 'compute from the arguments alone; take random numbers from context.noise.',
    });
  });
}

/**
 * Gradients that agree with finite differences: of the backend's own values, or of a reference's where the backend computes with
 * less than float32, whose values are steps at the distance of finite differences.
 */
export async function checkGradients(
  open: () => Promise<Backend>,
  subject: Subject,
  reference: (() => Promise<Backend>) | null = null,
): Promise<void> {
  const wrongOf = async (f: Differentiable): Promise<string[]> => {
    if (reference === null) return wrongDerivatives(f, subject.leaves);
    let wrong: string[] = [];
    await withDifferentiable(reference, subject, async (differencesOf) => {
      wrong = await wrongDerivatives(f, subject.leaves, { differencesOf });
    });
    return wrong;
  };
  await withDifferentiable(open, subject, async (f) => {
    const wrong = await wrongOf(f);
    if (wrong.length === 0) return;
    throw violation(`${subject.what} has wrong gradients.`, {
      expected: 'gradients that agree with finite differences',
      received: wrong.join('; '),
      hint: 'compose it of differentiable operations, without tf.customGrad, stopGradient or reads of values where a gradient must flow.',
    });
  });
}

/** Relative change of a mean that is taken over pairs, or with n - 1, when every sample comes twice. */
const PAIRS = 0.25;

/** The value of the batch where every sample comes twice. `doubled`: the subject with that batch. */
export async function checkMean(
  open: () => Promise<Backend>,
  subject: Subject,
  doubled: Subject,
): Promise<void> {
  const [one, other] = [await valueOf(open, subject), await valueOf(open, doubled)];
  if (Math.abs(one - other) <= PAIRS * Math.max(Math.abs(one), 1e-6)) return;
  throw violation(`${subject.what} depends on the size of the batch.`, {
    expected: `about ${one} where every sample of the batch comes twice`,
    received: String(other),
    hint: 'take means over the batch instead of sums: micro-batches and ranks are averaged.',
  });
}

async function valueOf(open: () => Promise<Backend>, given: Subject): Promise<number> {
  let value = NaN;
  await withDifferentiable(open, given, async (f) => {
    value = await f.value(given.leaves);
  });
  return value;
}

/** The same value for any order of the batch. `reordered`: the subject with the batch in another order. */
export async function checkOrder(
  open: () => Promise<Backend>,
  subject: Subject,
  reordered: Subject,
): Promise<void> {
  const [one, other] = [await valueOf(open, subject), await valueOf(open, reordered)];
  if (Math.abs(one - other) < 1e-4 * Math.max(1, Math.abs(one))) return;
  throw violation(`${subject.what} depends on the order of the batch.`, {
    expected: `${one}, as for the batch in its first order`,
    received: String(other),
    hint: 'treat all samples alike and take means over the batch.',
  });
}

/** A small step against the gradient lowers it; or nothing changes, where it is declared to have no effect. */
export async function checkDescent(
  open: () => Promise<Backend>,
  subject: Subject,
  active = true,
): Promise<void> {
  await withDifferentiable(open, subject, async (f) => {
    const before = await f.value(subject.leaves);
    const after = await f.value(descended(subject.leaves, await f.gradients(subject.leaves), 1e-3));
    if (active ? after < before : after === before) return;
    throw violation(
      active
        ? `${subject.what} is not lowered by a step against its gradient.`
        : `${subject.what} has an effect.`,
      {
        expected: active ? `less than ${before}` : `${before}, unchanged`,
        received: String(after),
        hint: active
          ? 'return what is to be minimized; declare active: false for a component without effect.'
          : 'leave out active: false, or return a constant.',
      },
    );
  });
}

/** No operation that a recorded graph cannot repeat. */
export async function checkRecordable({ what, compute, leaves }: Subject): Promise<void> {
  await setBackend();
  const found = tf.tidy(() => {
    const tensors = mapTree(leaves, toTensor);
    return untraceableIn(
      () =>
        compute(tensors, (name, shape, distribution) => {
          const { data } = drawNoise({ name, shape, distribution }, 1, 0);
          return tf.tensor(data, [...shape]);
        }),
      Object.values(tensors),
    );
  });
  if (found.length === 0) return;
  throw violation(`${what} cannot be recorded as a graph.`, {
    expected: 'operations of tfjs-core on tensors, and context.noise for random numbers',
    received: found.join(', '),
    hint: RECORDABLE_HINT,
  });
}

/** A component has a name, which identifies its computation with all options. */
export function checkName(kind: string, name: unknown): void {
  if (typeof name === 'string' && name.length > 0) return;
  throw violation(`a ${kind} has no name.`, {
    expected: 'a text that contains every option, e.g. "cosine(0.5)": compiled steps are cached by it',
    received: String(name),
    hint: 'set name.',
  });
}

/** The batch of every leaf in reverse. */
export const reversed = (leaves: Tree<HostTensor>): Tree<HostTensor> =>
  mapTree(leaves, ({ shape, data }) => {
    const size = data.length / shape[0]!;
    const rows = Array.from({ length: shape[0]! }, (_, i) => data.subarray(i * size, (i + 1) * size));
    return { shape, data: Float32Array.from(rows.reverse().flatMap((row) => [...row])) };
  });

/** The noise of a batch in reverse. */
export const reversedNoise =
  (noise: ObjectiveContext['noise']): ObjectiveContext['noise'] =>
  (name, shape, distribution) => {
    const last = shape[0]! - 1;
    const order = Int32Array.from({ length: shape[0]! }, (_, i) => last - i);
    return tf.gather(noise(name, shape, distribution), tf.tensor1d(order, 'int32'));
  };

/** Every sample of a batch twice. */
export const repeated = (leaves: Tree<HostTensor>): Tree<HostTensor> =>
  mapTree(leaves, ({ shape: [count, ...rest], data }) => ({
    shape: [2 * count!, ...rest],
    data: Float32Array.from([...data, ...data]),
  }));

/** The same noise for a sample that comes again. */
export const repeatedNoise =
  (noise: ObjectiveContext['noise']): ObjectiveContext['noise'] =>
  (name, [count, ...rest], distribution) => {
    const half = noise(name, [count! / 2, ...rest], distribution);
    return tf.concat([half, half], 0);
  };

/** A subject whose batch has every sample twice. */
export const twice = ({ what, compute, leaves }: Subject): Subject => ({
  what,
  leaves: repeated(leaves),
  compute: (given, noise) => compute(given, repeatedNoise(noise)),
});

/** Tests of a component of the objective: what its code throws is a violation. */
export const componentSuite = (runner: ContractRunner, subject: string) => {
  const { describe, it } = suiteOf(runner, subject);
  const hint = 'look at the first line of the stack that is in your own code.';
  return {
    describe,
    it: (name: string, body: () => void | Promise<void>): void => it(name, hint, () => body()),
  };
};

/** A subject with batch and noise in reverse. */
export const inReverse = ({ what, compute, leaves }: Subject): Subject => ({
  what,
  leaves: reversed(leaves),
  compute: (given, noise) => compute(given, reversedNoise(noise)),
});

/** A tree whose entries of other names throw: what a component reads without declaring it. */
export const declaredOnly = <T>(tree: Tree<T>, who: string, declare: string): Tree<T> =>
  new Proxy(tree, {
    get(entries, name) {
      if (typeof name !== 'string' || name in entries) return Reflect.get(entries, name) as T;
      throw violation(`${who} has no entry "${name}".`, {
        expected: `one of ${namesOf(entries).join(', ')}`,
        received: name,
        hint: declare,
      });
    },
  });

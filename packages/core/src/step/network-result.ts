import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Applied, Variables } from '../contracts/network.js';
import { faultOf } from '../errors/call-site.js';
import { AncError, isAncError } from '../errors/error.js';
import { produced } from '../finite/produced.js';
import { inPart } from '../purity/parts.js';
import { firstNotFinite, sizeOf, type HostTensor, type Tree } from '../tree/tree.js';

/** Also of another copy of tfjs-core. */
const isTensor = (value: unknown): value is Tensor => value instanceof tf.Tensor;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !isTensor(value);
const shown = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
const inWords = (value: unknown): string =>
  isTensor(value)
    ? `a tensor of shape ${shown(value.shape)}`
    : isRecord(value)
      ? `{ ${Object.keys(value).join(', ')} }`
      : String(value);

/** Errors of operations, which know nothing of the part that calls them. */
const OF_OPERATIONS = /^ANC_(SHAPE|COMPILE_.*)$/;

/**
 * Runs the code of a part of a step. What it throws becomes `ANC_OBJECTIVE` with the part and the line; an error of an
 * operation keeps its code.
 */
export function blamed<T>(what: string, code: () => T): T {
  try {
    return inPart(what, code);
  } catch (error) {
    if (!isAncError(error) || !OF_OPERATIONS.test(error.code) || error.message.includes(' of plugin "'))
      throw faultOf('ANC_OBJECTIVE', what, error);
    throw new AncError(error.code as `ANC_${string}`, `${what}: ${error.message}`, {
      ...error.detail,
      cause: error,
    });
  }
}

/**
 * Checks what `apply` of a network returned.
 *
 * @param what the network as errors call it; see `originOf`.
 * @param outputs names of outputs that must be there, [B, …] each.
 * @param rows B.
 * @throws `ANC_OBJECTIVE` for an output without the batch axis, and for statistics that are not those of the variables.
 */
export function assertApplied(
  what: string,
  applied: Applied<object>,
  { stats }: Variables,
  outputs: readonly string[],
  rows: number,
): void {
  const fault = (problem: string, expected: string, received: string, hint?: string): AncError =>
    new AncError('ANC_OBJECTIVE', `${what} ${problem}.`, {
      expected,
      received,
      hint: hint ?? 'return { outputs, stats } from apply.',
    });
  const all: unknown = applied;
  if (!isRecord(all) || !isRecord(all.outputs) || !isRecord(all.stats))
    throw fault('returned no outputs and statistics', '{ outputs, stats }', inWords(all));
  for (const name of outputs) {
    const output = all.outputs[name];
    if (isTensor(output) && output.rank >= 1 && output.shape[0] === rows) continue;
    const received = isTensor(output) ? shown(output.shape) : inWords(output);
    throw fault(
      isTensor(output) ? `returned ${name} of shape ${received}` : `returned no ${name}`,
      `[${rows}, …]: one or more numbers for each of the ${rows} samples`,
      received,
    );
  }
  for (const [name, value] of Object.entries(all.stats)) {
    const before = stats[name];
    if (before === undefined) {
      const known = Object.keys(stats).join(', ');
      const hint = 'return only statistics that `init` made, under the same names.';
      throw fault(`returned the unknown statistic "${name}"`, known || 'no statistics', name, hint);
    }
    if (isTensor(value) && value.shape.join() === before.shape.join()) continue;
    const received = inWords(value);
    throw fault(`returned the statistic "${name}" in another shape`, shown(before.shape), received);
  }
  for (const [name, output] of Object.entries(all.outputs))
    if (isTensor(output)) produced(`${what} returned ${outputInWords(name)}`, output);
  produced(`${what} returned statistics that are`, all.stats as Tree);
}

/** `logits that are`, `an output "conv3" that is`. */
const outputInWords = (name: string): string =>
  ['logits', 'features', 'classes'].includes(name) ? `${name} that are` : `an output "${name}" that is`;

/**
 * Checks what `init` of a network returned.
 *
 * @param what the network as errors call it; see `originOf`.
 * @throws `ANC_OBJECTIVE` for anything but finite host tensors by name.
 */
export function assertVariables(what: string, variables: Variables<HostTensor>): void {
  const fault = (problem: string, expected: string, received: string): AncError =>
    new AncError('ANC_OBJECTIVE', `init of ${what} returned ${problem}.`, {
      expected,
      received,
      hint: 'return { params, stats }, each an object of { shape, data } by name.',
    });
  const all: unknown = variables;
  if (!isRecord(all) || !isRecord(all.params) || !isRecord(all.stats))
    throw fault('no variables', '{ params, stats }', inWords(all));
  for (const [kind, tree] of [
    ['params', all.params],
    ['stats', all.stats],
  ] as const) {
    for (const [name, leaf] of Object.entries(tree as Tree<unknown>))
      assertLeaf(`${kind} "${name}"`, leaf, fault);
  }
}

function assertLeaf(
  which: string,
  leaf: unknown,
  fault: (problem: string, expected: string, received: string) => AncError,
): void {
  const { shape, data } = (isRecord(leaf) ? leaf : {}) as { shape?: unknown; data?: unknown };
  const isHost =
    Array.isArray(shape) &&
    (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array);
  if (!isHost) throw fault(`no host tensor for ${which}`, '{ shape, data: Float32Array }', inWords(leaf));
  const size = sizeOf(shape as number[]);
  if (size !== data.length)
    throw fault(
      `${which} with a wrong number of values`,
      `${size}, as ${shown(shape as number[])} has`,
      `${data.length}`,
    );
  const at = firstNotFinite(data);
  if (at >= 0)
    throw fault(`${which} with a number that is not finite`, 'finite numbers', `${data[at]} at ${at}`);
}

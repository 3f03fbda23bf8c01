import { AncError, type Context } from '@anc/core';
import type { OnnxConstant, OnnxNode } from '@anc/formats';
import type * as tf from '@tensorflow/tfjs-core';
import { dimsOf, type Known, type Value } from './value.js';

/** What the operators of a graph need besides their inputs. */
export interface Surroundings {
  readonly shown: string;
  readonly opset: number;
  readonly context: Context;
  /** Images in this batch, and in the batch that the file was exported for; null where that is open. */
  readonly batch: { readonly now: number; readonly exported: number | null };
  /** Records the new running average of a batch normalization, by the name of its input. */
  recordAverage(name: string, value: tf.Tensor): void;
  /** Counts multiply-adds (twice each) and bias additions of the whole batch. */
  count(flops: number): void;
}

/** Numbers of one value, per image. */
const MOST_NUMBERS = 2 ** 26;

/** One evaluation of a node. */
export class Call {
  constructor(
    readonly node: OnnxNode,
    readonly inputs: readonly (Value | null)[],
    readonly around: Surroundings,
  ) {}

  /** An input that the operator needs. */
  input(index: number): Value {
    const value = this.inputs[index];
    if (value) return value;
    throw this.error(`input ${index} is missing`);
  }

  /** An input that may be left out. */
  optional(index: number): Value | null {
    return this.inputs[index] ?? null;
  }

  /** Numbers that have to be known: axes, shapes; null for an input that is left out. */
  numbers(index: number): number[] | null {
    const value = this.optional(index);
    return value === null ? null : Array.from(this.known(value, index).data);
  }

  known(value: Value, index: number): Known {
    if (value.kind === 'known') return value;
    throw this.error(`input ${index} depends on the image, and only constants are supported there`);
  }

  number(name: string, fallback: number): number {
    const value = this.node.attributes[name];
    return typeof value === 'number' ? value : fallback;
  }

  text(name: string, fallback: string): string {
    const value = this.node.attributes[name];
    return typeof value === 'string' ? value : fallback;
  }

  list(name: string): readonly number[] | null {
    const value = this.node.attributes[name];
    return Array.isArray(value) ? (value as readonly number[]) : null;
  }

  tensor(name: string): OnnxConstant | null {
    const value = this.node.attributes[name];
    return typeof value === 'object' && 'dims' in value ? value : null;
  }

  /** Axes as an attribute or, in newer opsets, as an input; null where neither is there. */
  axes(rank: number, input = 1): number[] | null {
    const given = this.list('axes') ?? this.numbers(input);
    return given === null ? null : given.map((axis) => this.axis(axis, rank));
  }

  /** An axis from 0 on. */
  axis(axis: number, rank: number): number {
    const found = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(found) && found >= 0 && found < rank) return found;
    throw this.error(`axis ${axis} of a value of rank ${rank}`);
  }

  /** Throws where a value of these sizes is not one that a classifier has: a damaged file could fill the memory. */
  bounded(dims: readonly number[]): readonly number[] {
    if (dims.reduce((product, size) => product * size, 1) <= MOST_NUMBERS * this.around.batch.now)
      return dims;
    throw this.error(`a value of shape [${dims.slice(0, 8).join(', ')}]`);
  }

  rank(index: number): number {
    return dimsOf(this.input(index)).length;
  }

  /** The error for something that this operator cannot do here. */
  error(what: string): AncError {
    return operatorError(this.around.shown, this.node, what);
  }
}

/** How messages name a node. */
export const shownNode = ({ op, name, domain, outputs }: OnnxNode): string => {
  const own = name === '' ? (outputs[0] ?? '') : name;
  return `${domain === '' ? '' : `${domain}.`}${op} (node "${own.slice(0, 80)}")`;
};

/** `ANC_ONNX_OPERATOR`: a graph cannot be made a trainable network because of one of its nodes. */
export const operatorError = (shown: string, node: OnnxNode, what: string): AncError =>
  new AncError('ANC_ONNX_OPERATOR', `${shown}: ${shownNode(node)} cannot be trained: ${what}.`, {
    expected: 'an image classifier of the operators that docs/models.md lists',
    received: shownNode(node),
    hint: 'as a teacher the file still works, as it is; as a student, export the network without this operator.',
  });

/** What computes an operator. */
export type Operator = (call: Call) => Value | readonly Value[];

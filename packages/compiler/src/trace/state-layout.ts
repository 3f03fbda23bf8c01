import type { HostTensor } from '@anc/core';
import { permuted } from '@anc/core/internal';
import { identityLayout, OIHW, physicalShape } from '../lower/traced-tensor.js';

/** No filter has more rows; tables of images, such as a replay memory, have. */
const FILTER_ROWS = 64;

/**
 * Layout of a state entry of this logical shape: filters, of rank 4, as convolutions take them, all else in logical order, so
 * that rows of tables lie together. The same for every step.
 */
export const stateLayout = (shape: readonly number[]): readonly number[] =>
  shape.length === 4 && shape[0]! <= FILTER_ROWS ? OIHW : identityLayout(shape.length);

/** A state entry in the memory order that steps use: the shape is the one in memory. */
export function toStateLayout({ shape, data }: HostTensor): HostTensor {
  const layout = stateLayout(shape);
  return { shape: physicalShape(shape, layout), data: permuted(data, shape, layout) };
}

/** The same back. shape: the entry's logical shape, which the one in memory does not determine. */
export function fromStateLayout(data: HostTensor['data'], shape: readonly number[]): HostTensor {
  const layout = stateLayout(shape);
  const inverse = layout.map((_, axis) => layout.indexOf(axis));
  return { shape: [...shape], data: permuted(data, physicalShape(shape, layout), inverse) };
}

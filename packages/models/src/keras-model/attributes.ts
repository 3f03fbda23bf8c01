import type { GraphNode } from '../graph-model/node.js';

/*
 * What an operation carries beside its inputs, as `windowAttributes` and the kernels wrote it down. What is not there
 * is empty, zero or false: TensorFlow's own defaults of the attributes that are read here.
 */

export function integersOf({ attributes }: GraphNode, name: string): number[] {
  const attribute = attributes[name];
  return attribute !== undefined && 'list' in attribute ? attribute.list.i.map(Number) : [];
}

export function textOf({ attributes }: GraphNode, name: string): string {
  const attribute = attributes[name];
  return attribute !== undefined && 's' in attribute ? atob(attribute.s) : '';
}

export function floatOf({ attributes }: GraphNode, name: string): number {
  const attribute = attributes[name];
  return attribute !== undefined && 'f' in attribute ? attribute.f : 0;
}

export function flagOf({ attributes }: GraphNode, name: string): boolean {
  const attribute = attributes[name];
  return attribute !== undefined && 'b' in attribute && attribute.b;
}

import type { GraphNode } from '../graph-model/node.js';

/*
 * Attributes of an operation, as `windowAttributes` and the kernels record them. A missing attribute is empty, zero or
 * false, which are TensorFlow's defaults of the attributes that are read here.
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

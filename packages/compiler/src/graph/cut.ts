import { sizeOf } from '@anc/core';
import { Graph, reachable } from './graph.js';
import { OWN_DOMAIN } from './own-domain.js';
import { bytesOf, type NamedValue, type Node, type Value } from './value.js';

/** The operator of a mean over ranks: an identity as far as the graph is concerned, which no runtime has. */
export const RANK_MEAN = 'RankMean';

/** A mean over ranks of x, in its memory order. That of a mean is the mean. */
export const rankMean = (graph: Graph, x: Value): Value =>
  x.source.kind === 'node' && x.source.node.op === RANK_MEAN
    ? x
    : graph.op(RANK_MEAN, [x], 'float32', x.shape, {}, OWN_DOMAIN);

/** What one section sends to the other ranks: the name of its output, and of the input by which later ones get the mean. */
export interface Sent {
  readonly output: string;
  readonly input: string;
  readonly shape: readonly number[];
}

/** A part of a graph that runs from one exchange between ranks to the next. */
export interface Section {
  /** Its operations, as a graph of their own. */
  readonly graph: Graph;
  /** What it computes: outputs of the whole graph under their names, and what it holds and sends. */
  readonly outputs: readonly NamedValue[];
  /** Names of its outputs that later sections read, under the same names. */
  readonly holds: readonly string[];
  /** Names of its inputs that earlier sections or other ranks have computed. */
  readonly reads: readonly string[];
  /** Of those: what no later section reads. */
  readonly drops: readonly string[];
  /** What is exchanged after it has run, in the order of the exchange. */
  readonly sends: readonly Sent[];
}

/**
 * Cuts a graph at the means over ranks: a section computes what depends on as many exchanges, one after the other, as its
 * number says. So means that do not depend on each other, such as those of two branches, are exchanged together. The order of
 * sections and of what they send is that of the graph's nodes, and so the same on all ranks.
 */
export function cutAtRankMeans(graph: Graph, outputs: readonly NamedValue[]): readonly Section[] {
  const nodes = reachable(
    graph,
    outputs.map(({ value }) => value),
  );
  const sectionOf = placed(nodes, outputs);
  const numberOf = (value: Value): number =>
    value.source.kind === 'node' ? sectionOf.get(value.source.node)! : 0;
  const count = 1 + Math.max(0, ...nodes.map((node) => sectionOf.get(node)!));
  /** The last section that reads a value which it does not compute itself. */
  const lastReader = new Map<Value, number>();
  for (const node of nodes) {
    if (node.op === RANK_MEAN) continue; // reads in the section that computes its input
    const own = sectionOf.get(node)!;
    for (const input of node.inputs) {
      if (input?.source.kind !== 'node') continue;
      const isFromOutside = numberOf(input) < own || input.source.node.op === RANK_MEAN;
      if (isFromOutside) lastReader.set(input, Math.max(own, lastReader.get(input) ?? 0));
    }
  }
  for (const { value } of outputs) {
    if (value.source.kind !== 'node' || value.source.node.op !== RANK_MEAN) continue;
    lastReader.set(value, Math.max(numberOf(value), lastReader.get(value) ?? 0));
  }
  return Array.from({ length: count }, (_, number) =>
    sectionWith(
      number,
      nodes.filter((node) => sectionOf.get(node) === number && node.op !== RANK_MEAN),
      nodes.filter((node) => node.op === RANK_MEAN && sectionOf.get(node) === number + 1),
      outputs.filter(({ value }) => numberOf(value) === number),
      lastReader,
    ),
  );
}

const totalBytes = (values: readonly Value[]): number =>
  values.reduce((sum, { type, shape }) => sum + sizeOf(shape) * bytesOf[type], 0);

/**
 * The section of every node; a mean over ranks is in the one that can read it first. Each node is as early as its inputs allow,
 * unless nothing reads it before a later section and those of its inputs that would have to be held for it are not larger than
 * its outputs: then it is computed where it is read.
 */
function placed(nodes: readonly Node[], outputs: readonly NamedValue[]): Map<Node, number> {
  const section = new Map<Node, number>();
  for (const node of nodes) {
    const inputs = node.inputs.map((input) =>
      input?.source.kind === 'node' ? section.get(input.source.node)! : 0,
    );
    section.set(node, Math.max(0, ...inputs) + (node.op === RANK_MEAN ? 1 : 0));
  }
  const users = new Map<Value, Node[]>();
  for (const node of nodes)
    for (const input of new Set(node.inputs))
      if (input !== null) users.set(input, [...(users.get(input) ?? []), node]);
  const isOutput = new Set(outputs.map(({ value }) => value));
  /** The last section in which a value is read, or made. */
  const lastUse = (value: Value, without: Node): number => {
    if (value.source.kind !== 'node') return Infinity; // an input of the whole graph is there in every section
    const reads = (users.get(value) ?? []).filter((user) => user !== without);
    return Math.max(section.get(value.source.node)!, ...reads.map((user) => readsIn(user, section)));
  };
  for (const node of nodes.toReversed()) {
    if (node.op === RANK_MEAN || node.outputs.some((output) => isOutput.has(output))) continue;
    const readers = node.outputs.flatMap((output) => users.get(output) ?? []);
    const target = Math.min(...readers.map((user) => readsIn(user, section)));
    if (!(target > section.get(node)!) || target === Infinity) continue;
    const inputs = [...new Set(node.inputs)].filter((input) => input !== null);
    const held = inputs.filter((input) => lastUse(input, node) < target);
    if (totalBytes(held) <= totalBytes(node.outputs)) section.set(node, target);
  }
  return section;
}

/** In which section a node reads its inputs. */
const readsIn = (node: Node, section: ReadonlyMap<Node, number>): number =>
  section.get(node)! - (node.op === RANK_MEAN ? 1 : 0);

function sectionWith(
  number: number,
  nodes: readonly Node[],
  means: readonly Node[],
  outputs: readonly NamedValue[],
  lastReader: ReadonlyMap<Value, number>,
): Section {
  const graph = new Graph();
  const here = new Map<Value, Value>();
  const reads = new Map<Value, string>();
  const valueOf = (value: Value): Value => {
    const { source } = value;
    if (source.kind === 'constant') return value;
    if (source.kind === 'input') return graph.inputs.get(source.name) ?? declared(value, source.name);
    const known = here.get(value);
    if (known !== undefined) return known;
    const name = nameOf(value);
    reads.set(value, name);
    return declared({ ...value, source: { kind: 'input', name } }, name, value);
  };
  const declared = (value: Value, name: string, original = value): Value => {
    graph.inputs.set(name, value);
    here.set(original, value);
    return value;
  };
  for (const node of nodes) {
    const made: Value[] = [];
    const copy: Node = {
      ...node,
      inputs: node.inputs.map((input) => input && valueOf(input)),
      outputs: made,
    };
    for (const [index, output] of node.outputs.entries()) {
      const value: Value = { ...output, source: { kind: 'node', node: copy, index } };
      made.push(value);
      here.set(output, value);
    }
    graph.nodes.push(copy);
  }
  const held = nodes.flatMap((node) => node.outputs).filter((value) => lastReader.has(value));
  const sends = means.map((node): Sent & { readonly value: Value } => {
    const input = node.inputs[0]!;
    const [output] = node.outputs;
    return {
      output: `sent/${output!.id}`,
      input: nameOf(output!),
      shape: output!.shape,
      value: valueOf(input),
    };
  });
  const whole = outputs.map(({ name, value }) => ({ name, value: valueOf(value) }));
  return {
    graph,
    outputs: [
      ...whole,
      ...held.map((value) => ({ name: nameOf(value), value: here.get(value)! })),
      ...sends.map(({ output, value }) => ({ name: output, value })),
    ],
    holds: held.map(nameOf),
    reads: [...reads.values()],
    drops: [...reads].flatMap(([value, name]) => (lastReader.get(value) === number ? [name] : [])),
    sends: sends.map(({ output, input, shape }) => ({ output, input, shape })),
  };
}

/** The name under which a value is passed from one section to later ones. */
const nameOf = ({ id }: Value): string => `held/${id}`;

import type { NodeProto, TensorProto } from './proto.js';

/** Names of the nodes added around a classifier, which no other program uses. */
export const own = (name: string): string => `anc:${name}`;
export const DERIVED = { images: own('images'), logits: own('logits'), features: own('features') } as const;

/** Nodes and constants that are added to a model. */
export interface Piece {
  readonly nodes: NodeProto[];
  readonly constants: TensorProto[];
}

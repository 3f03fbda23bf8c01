import { joined } from '../parts/split-roles.js';
import type { Part } from '../parts/part.js';
import { isKind, type Value } from './policy.js';
import type { TensorView } from './storage.js';

/** What a checkpoint holds. */
export interface Found {
  readonly parts: readonly Part<TensorView>[];
  /** Whole modules: paths and names of classes. */
  readonly modules: readonly { readonly path: string; readonly className: string }[];
  /** Values of state dicts that are tensors of a type that is not read: names and types. */
  readonly unread: readonly { readonly name: string; readonly type: string }[];
}

/** How deep dictionaries are searched. */
const DEPTH = 6;
/** Characters of a path: every one inside starts with it. */
const LONGEST = 4096;

/** Finds the dictionaries and lists of tensors in a checkpoint. Each is visited once, however often it is referred to. */
export function findParts(root: Value): Found {
  const found = {
    parts: [] as Part<TensorView>[],
    modules: [] as { path: string; className: string }[],
    unread: [] as { name: string; type: string }[],
  };
  const visited = new Set<Value>();
  const visit = (value: Value, path: string, depth: number): void => {
    if (typeof value !== 'object' || value === null || visited.has(value) || depth > DEPTH) return;
    visited.add(value);
    if (isKind(value, 'object') && value.isModule) {
      found.modules.push({ path, className: value.name });
      return;
    }
    const tensors = tensorsIn(value);
    if (tensors.size > 0) found.parts.push({ name: path, tensors });
    for (const [key, inner] of entriesOf(value)) {
      if (typeof key !== 'string' || path.length + key.length > LONGEST) continue;
      const name = joined(path, key);
      if (isKind(inner, 'object') && inner.name.startsWith('a tensor of '))
        found.unread.push({ name, type: inner.name.slice('a tensor of '.length) });
      else visit(inner, name, depth + 1);
    }
  };
  visit(root, '', 0);
  return found;
}

function entriesOf(value: Value): Iterable<readonly [Value, Value]> {
  if (value instanceof Map) return value;
  if (isKind(value, 'object')) return value.items;
  return Array.isArray(value) ? value.map((item, i) => [String(i), item] as const) : [];
}

/** The named tensors of a dictionary; of a list of tensors under numbers, with PyTorch's names of their kinds. */
function tensorsIn(value: Value): ReadonlyMap<string, TensorView> {
  if (!Array.isArray(value)) {
    return new Map(
      [...entriesOf(value)].filter(
        (pair): pair is [string, TensorView] => typeof pair[0] === 'string' && isKind(pair[1], 'tensor'),
      ),
    );
  }
  if (value.length > 0 && value.every(isNamedTensor)) return new Map(value);
  if (!value.every((item) => isKind(item, 'tensor'))) return new Map();
  return new Map(value.map((item, i) => [`${i}.${item.shape.length > 1 ? 'weight' : 'bias'}`, item]));
}

const isNamedTensor = (item: Value): item is [string, TensorView] =>
  Array.isArray(item) && item.length === 2 && typeof item[0] === 'string' && isKind(item[1], 'tensor');

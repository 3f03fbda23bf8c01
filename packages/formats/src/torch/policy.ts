import { AncError } from '@anc/core';
import { Global, type Pickled, type PicklePolicy } from '../pickle/unpickle.js';
import { damagedCheckpoint } from './damaged-checkpoint.js';
import { isHarmful, PythonObject } from './python-object.js';
import {
  bytesOf,
  isStorageType,
  UNREAD_TYPES,
  type Storage,
  type StorageType,
  type TensorView,
} from './storage.js';

type Built = Storage | TensorView | PythonObject;
export type Value = Pickled<Built>;

const TENSORS = ['torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2'];
const PARAMETERS = ['torch._utils._rebuild_parameter', 'torch._utils._rebuild_parameter_with_state'];
/** Rebuilds a subclass of Tensor: (function, class, arguments, state). */
const SUBCLASS = 'torch._tensor._rebuild_from_type_v2';
const DICTIONARIES = [
  'collections.OrderedDict',
  'collections.defaultdict',
  'builtins.dict',
  '__builtin__.dict',
];
const LISTS = [
  'torch.Size',
  'builtins.list',
  'builtins.tuple',
  'builtins.set',
  '__builtin__.set',
  '__builtin__.list',
];

/** PyTorch's own limit. */
const MOST_AXES = 64;

const decoder = new TextDecoder();

const storageTypeOf = (name: string): StorageType | null => {
  const [module, type = '', ...rest] = name.split('.');
  return module === 'torch' && rest.length === 0 && isStorageType(type) ? type : null;
};

const isCount = (value: Value | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
/** Many tensors may refer to one list of sizes, so a long one is refused before it is read. */
const isCounts = (value: Value | undefined): value is number[] =>
  Array.isArray(value) && value.length <= MOST_AXES && value.every((item) => isCount(item));

export const isKind = <K extends Built['kind']>(
  value: Value | undefined,
  kind: K,
): value is Extract<Built, { kind: K }> =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;

/**
 * Builds what a checkpoint consists of: tensors, storages and containers. An object of any other class, such as the
 * settings of a training script, is never made: only the name of its class is kept.
 * @param sizes receives the bytes per element of every storage, by the storage's key
 */
export function checkpointPolicy(sizes: Map<string, number>): PicklePolicy<Built> {
  return {
    damaged: damagedCheckpoint,
    byteString: (bytes) => decoder.decode(bytes),
    allow(name) {
      if (!isHarmful(name)) return;
      throw new AncError('ANC_CHECKPOINT', `the checkpoint refers to ${name}, which is not a tensor.`, {
        expected: 'tensors, numbers, strings, lists and dictionaries',
        received: name,
        hint: 'do not load it in Python: such a file can run commands there. Ask its author for the state dict alone: torch.save(model.state_dict(), path).',
      });
    },
    call,
    /** The state of a state dict is `_metadata`, the versions of its modules, which is not needed. */
    setState(target, state) {
      if (isKind(target, 'object')) target.isModule ||= isModuleState(state);
      else if (!(target instanceof Map) && !isKind(target, 'tensor'))
        throw damagedCheckpoint('it sets the state of a value that is not a dictionary');
    },
    extend(target, items, paired) {
      if (!isKind(target, 'object')) return false;
      for (let i = 0; paired && i + 1 < items.length; i += 2) target.items.set(items[i]!, items[i + 1]!);
      return true;
    },
    persistent(id) {
      const [tag, type, key, , length, view = null] = Array.isArray(id) ? id : [];
      if (tag === 'module' && type instanceof Global) return type; // a class with its source, in older files
      if (
        tag !== 'storage' ||
        !(type instanceof Global) ||
        typeof key !== 'string' ||
        !isCount(length) ||
        view !== null
      ) {
        throw damagedCheckpoint('it refers to something that is not a storage');
      }
      const known = storageTypeOf(type.name);
      const size = known === null ? UNREAD_TYPES[type.name.split('.').at(-1)!] : bytesOf(known);
      if (size !== undefined) sizes.set(key, size);
      return known === null ? new PythonObject(type.name) : { kind: 'storage', key, type: known, length };
    },
  };
}

function call(name: string, args: readonly Value[]): Value {
  const [first, , third] = args;
  if (DICTIONARIES.includes(name)) return new Map(pairsOf(first));
  if (LISTS.includes(name)) return Array.isArray(first) ? first : [];
  if (PARAMETERS.includes(name) && (isKind(first, 'tensor') || isKind(first, 'object'))) return first;
  if (name === SUBCLASS && first instanceof Global && Array.isArray(third)) return call(first.name, third);
  if (TENSORS.includes(name)) return tensor(args);
  if (PARAMETERS.includes(name) || name === SUBCLASS)
    throw damagedCheckpoint(`it calls ${name} with arguments that do not fit`);
  return new PythonObject(name);
}

/** The pairs from which a dictionary is made: those of another one, or a list. */
function pairsOf(from: Value | undefined): [Value, Value][] {
  if (from instanceof Map) return [...from];
  const items = Array.isArray(from) ? from : [];
  return items.filter((item): item is [Value, Value] => Array.isArray(item) && item.length === 2);
}

/** Whether a state is that of a `torch.nn.Module`; with slots it is a pair. */
const isModuleState = (state: Value): boolean =>
  (Array.isArray(state) ? state : [state]).some((part) => part instanceof Map && part.has('_modules'));

function tensor([storage, offset, shape, strides]: readonly Value[]): TensorView | PythonObject {
  if (isKind(storage, 'object')) return new PythonObject(`a tensor of ${storage.name}`);
  const proper = isCount(offset) && isCounts(shape) && isCounts(strides) && shape.length === strides.length;
  if (!proper || !isKind(storage, 'storage')) throw damagedCheckpoint('a tensor has no storage or no shape');
  return { kind: 'tensor', storage, offset, shape, strides };
}

import { AncError } from '@anc/core';
import { Global, type Pickled, type PicklePolicy } from '../pickle/unpickle.js';
import { damagedCheckpoint } from './damaged-checkpoint.js';
import { isStorageType, type Storage, type StorageType, type TensorView } from './storage.js';

export type Value = Pickled<Storage | TensorView>;

const CONTAINERS = ['collections.OrderedDict', 'torch.Size'];
const TENSORS = ['torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2'];
const PARAMETER = 'torch._utils._rebuild_parameter';

const decoder = new TextDecoder();

const storageTypeOf = (name: string): StorageType | null => {
  const [module, type = '', ...rest] = name.split('.');
  return module === 'torch' && rest.length === 0 && isStorageType(type) ? type : null;
};

const isCount = (value: Value | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: Value | undefined): value is number[] =>
  Array.isArray(value) && value.every((item) => isCount(item));

export const isKind = <K extends 'storage' | 'tensor'>(
  value: Value | undefined,
  kind: K,
): value is Extract<Storage | TensorView, { kind: K }> =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;

/**
 * Allows what a checkpoint consists of: tensors, storages and containers.
 * @param types receives the element type of every storage, by the storage's key
 */
export function checkpointPolicy(types: Map<string, StorageType>): PicklePolicy<Storage | TensorView> {
  return {
    damaged: damagedCheckpoint,
    byteString: (bytes) => decoder.decode(bytes),
    allow(name) {
      if ([...CONTAINERS, ...TENSORS, PARAMETER].includes(name) || storageTypeOf(name) !== null) return;
      throw new AncError('ANC_CHECKPOINT', `the checkpoint refers to ${name}, which is not a tensor.`, {
        expected: 'tensors, numbers, strings, lists and dictionaries',
        received: name,
        hint: 'save only the state dict: torch.save(model.state_dict(), path).',
      });
    },
    call(name, args) {
      if (name === 'collections.OrderedDict' && args.length === 0) return new Map();
      if (name === 'torch.Size' && args.length === 1) return args[0]!;
      if (name === PARAMETER && isKind(args[0], 'tensor')) return args[0];
      if (TENSORS.includes(name)) return tensor(args);
      throw damagedCheckpoint(`it calls ${name} with arguments that do not fit`);
    },
    /** The state of a state dict is `_metadata`, the versions of its modules, which is not needed. */
    setState(target) {
      if (!(target instanceof Map))
        throw damagedCheckpoint('it sets the state of a value that is not a dictionary');
    },
    persistent(id) {
      const [tag, type, key, , length, view = null] = Array.isArray(id) ? id : [];
      const name = type instanceof Global ? storageTypeOf(type.name) : null;
      if (
        tag !== 'storage' ||
        name === null ||
        typeof key !== 'string' ||
        !isCount(length) ||
        view !== null
      ) {
        throw damagedCheckpoint('it refers to something that is not a storage');
      }
      types.set(key, name);
      return { kind: 'storage', key, type: name, length };
    },
  };
}

function tensor([storage, offset, shape, strides]: readonly Value[]): TensorView {
  const proper = isCount(offset) && isCounts(shape) && isCounts(strides) && shape.length === strides.length;
  if (!proper || !isKind(storage, 'storage')) throw damagedCheckpoint('a tensor has no storage or no shape');
  return { kind: 'tensor', storage, offset, shape, strides };
}

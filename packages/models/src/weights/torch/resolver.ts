import { AncError } from '@anc/core';
import { damagedCheckpoint } from './pickle-reader.js';
import { isStorageType, type Storage, type StorageType, type TensorView } from './storage.js';
import { Global, type Pickled, type Resolver } from './unpickle.js';

export type Value = Pickled<Storage | TensorView>;

const CONTAINERS = ['collections.OrderedDict', 'torch.Size'];
const TENSORS = ['torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2'];
const PARAMETER = 'torch._utils._rebuild_parameter';

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

/** What a checkpoint may be made of. The types of all storages that it speaks of are noted in `types`. */
export function resolverFor(types: Map<string, StorageType>): Resolver<Storage | TensorView> {
  return {
    allow(name) {
      if ([...CONTAINERS, ...TENSORS, PARAMETER].includes(name) || storageTypeOf(name) !== null) return;
      throw new AncError('ANC_CHECKPOINT', `the checkpoint asks for ${name}, which is not a tensor.`, {
        expected: 'tensors, numbers, strings, lists and dictionaries',
        received: name,
        hint: 'save the state dict alone: torch.save(model.state_dict(), path).',
      });
    },
    call(name, args) {
      if (name === 'collections.OrderedDict' && args.length === 0) return new Map();
      if (name === 'torch.Size' && args.length === 1) return args[0]!;
      if (name === PARAMETER && isKind(args[0], 'tensor')) return args[0];
      if (TENSORS.includes(name)) return tensor(args);
      throw damagedCheckpoint(`it calls ${name} wrongly`);
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

import { AncError, type HostTensor } from '@anc/core';
import type { ReusableBuffer } from '../bytes/byte-source.js';
import { elementCount } from '../bytes/element-count.js';
import { bfloat16Table, float16Table } from '../bytes/float16.js';
import type { LazyTensor } from '../bytes/lazy-tensor.js';
import { damagedCheckpoint } from './damaged-checkpoint.js';

/** Layout of a storage's elements, which are little-endian. */
interface ElementType {
  readonly bytes: number;
  readonly integer: boolean;
  read(view: DataView, at: number): number;
}

const TYPES = {
  FloatStorage: { bytes: 4, integer: false, read: (view, at) => view.getFloat32(at, true) },
  DoubleStorage: { bytes: 8, integer: false, read: (view, at) => view.getFloat64(at, true) },
  HalfStorage: { bytes: 2, integer: false, read: (view, at) => float16Table()[view.getUint16(at, true)]! },
  BFloat16Storage: {
    bytes: 2,
    integer: false,
    read: (view, at) => bfloat16Table()[view.getUint16(at, true)]!,
  },
  LongStorage: { bytes: 8, integer: true, read: (view, at) => Number(view.getBigInt64(at, true)) },
  IntStorage: { bytes: 4, integer: true, read: (view, at) => view.getInt32(at, true) },
  ShortStorage: { bytes: 2, integer: true, read: (view, at) => view.getInt16(at, true) },
  CharStorage: { bytes: 1, integer: true, read: (view, at) => view.getInt8(at) },
  ByteStorage: { bytes: 1, integer: true, read: (view, at) => view.getUint8(at) },
  BoolStorage: { bytes: 1, integer: true, read: (view, at) => view.getUint8(at) },
} as const satisfies Record<string, ElementType>;

/** Bytes per element of types that are not read, but that a file may hold beside the weights. */
export const UNREAD_TYPES: Readonly<Record<string, number>> = {
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
  UntypedStorage: 1,
};

export type StorageType = keyof typeof TYPES;
export const isStorageType = (name: string): name is StorageType => Object.hasOwn(TYPES, name);

/** Elements that tensors are views of. Their bytes may follow the pickle. */
export interface Storage {
  readonly kind: 'storage';
  readonly key: string;
  readonly type: StorageType;
  readonly length: number;
}

/** A tensor as the pickle describes it. */
export interface TensorView {
  readonly kind: 'tensor';
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export const bytesOf = (type: StorageType): number => TYPES[type].bytes;

/** The bytes of a storage. */
export interface StorageBytes {
  readonly size: number;
  read(begin: number, end: number, reuse?: ReusableBuffer): Uint8Array<ArrayBuffer>;
}

/** Elements of the storage from a tensor's first to its last one, which are read together; 0 for an empty tensor. */
export const spanOf = ({ shape, strides }: TensorView): number =>
  elementCount(shape) === 0 ? 0 : shape.reduce((at, size, axis) => at + (size - 1) * strides[axis]!, 1);

/**
 * A tensor in its storage, loaded lazily: floating-point types become float32, integers int32. Only the span of the
 * tensor is read from the storage.
 * @throws `ANC_CHECKPOINT` if the tensor does not lie within the storage, or has more elements (an expanded view)
 */
export function lazyTensorIn(name: string, view: TensorView, bytes: StorageBytes): LazyTensor {
  const { storage, offset, shape } = view;
  const type: ElementType = TYPES[storage.type];
  if (bytes.size !== storage.length * type.bytes) {
    throw damagedCheckpoint(
      `the storage of "${name}" has ${bytes.size} bytes, not ${storage.length * type.bytes}`,
    );
  }
  const count = elementCount(shape);
  const end = offset + spanOf(view);
  if (count > storage.length || (count > 0 && end > storage.length)) {
    throw damagedCheckpoint(
      `"${name}" [${shape.join(', ')}] reaches out of its storage of ${storage.length}`,
    );
  }
  const load = (reuse?: ReusableBuffer): HostTensor => {
    const spanned = count === 0 ? [0, 0] : [offset * type.bytes, end * type.bytes];
    const data = bytes.read(spanned[0]!, spanned[1]!, reuse);
    const plain = storage.type === 'FloatStorage' && isContiguous(view);
    return {
      shape,
      data: plain ? new Float32Array(data.buffer, data.byteOffset, count) : gathered(name, view, count, data),
    };
  };
  return { shape, dtype: type.integer ? 'int32' : 'float32', load };
}

/** A tensor's elements in row-major order, from its span of the storage. */
function gathered(
  name: string,
  { storage, shape, strides }: TensorView,
  count: number,
  data: Uint8Array<ArrayBuffer>,
): Float32Array | Int32Array {
  const type: ElementType = TYPES[storage.type];
  const output = type.integer ? new Int32Array(count) : new Float32Array(count);
  const bytes = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const index = shape.map(() => 0);
  for (let i = 0, at = 0; i < count; i++) {
    const value = type.read(bytes, at * type.bytes);
    if (type.integer && (value | 0) !== value) {
      throw new AncError('ANC_CHECKPOINT', `"${name}" holds ${value}, which is not a 32-bit integer.`);
    }
    output[i] = value;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return output;
}

function isContiguous({ shape, strides }: TensorView): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

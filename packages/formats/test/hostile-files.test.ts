import { AncError, isAncError } from '@anc/core';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  encodeKerasFile,
  inMemory,
  loadTree,
  readKerasFile,
  readTfjsFiles,
  openTorchCheckpoint,
  unpickleNumpy,
  type KerasModel,
} from '../src/index.js';
import { dictionary, int, pickle, tensor, text, tuple, zipFile } from './torch-writer.js';

/* Small files that make a reader work without end, fill the memory or overflow the stack, unless it is bounded. */

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const [PUT, GET, TUPLE_1, TUPLE_2, EMPTY] = [0x71, 0x68, 0x85, 0x86, 0x29] as const;

async function failure(work: () => unknown): Promise<AncError> {
  try {
    await work();
  } catch (error) {
    if (isAncError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a checkpoint', () => {
  const read = (file: Uint8Array) => loadTree(openTorchCheckpoint(inMemory(file)).tensors);
  const data = Float32Array.of(1, 2, 3, 4);

  it('may have a key of tuples that are shared 60 levels deep: 2^60 parts', async () => {
    const level = bytes(PUT, 0, GET, 0, TUPLE_2);
    const key = join(bytes(EMPTY), ...Array.from({ length: 60 }, () => level));
    const { detail } = await failure(() => read(zipFile({}, pickle(dictionary([key, int(1)])))));
    expect(detail.received).toBe('keys an object');
  });

  it('may have a key nested 20,000 tuples deep, and a long one', async () => {
    const deep = join(bytes(EMPTY), new Uint8Array(20_000).fill(TUPLE_1));
    const long = text('x'.repeat(1000));
    const { detail } = await failure(() =>
      read(zipFile({}, pickle(dictionary([deep, int(1)], [long, int(1)])))),
    );
    expect(detail.received).toBe(`keys an object, ${'x'.repeat(80)}…`);
  });

  it('may refer to one long list of sizes from many tensors', async () => {
    const shape = Array.from({ length: 65 }, () => 1);
    const error = await failure(() => read(zipFile({ w: { shape, data: Float32Array.of(1) } })));
    expect(error.message).toMatch(/no shape/);
  });

  it('may have tensors of two numbers that span the whole storage', async () => {
    const big = new Float32Array(4096);
    const views = Array.from({ length: 40 }, (_, i): [Uint8Array, Uint8Array] => [
      text(`w${i}`),
      tensor('0', { shape: [2], strides: [4095], data: big }),
    ]);
    const error = await failure(() =>
      read(zipFile({ w: { shape: [1], data: big } }, pickle(dictionary(...views)))),
    );
    expect(error.message).toMatch(/larger than the file/);
  });

  it('may have sizes whose product is not a number', async () => {
    const huge = 2 ** 31 - 1;
    const shape = [...Array.from({ length: 40 }, () => huge), 0];
    expect(read(zipFile({ w: { shape, strides: shape, data } }))['w']!.data).toHaveLength(0);
    const overflowing = { shape: shape.slice(0, 40), strides: shape.slice(0, 40), data };
    expect((await failure(() => read(zipFile({ w: overflowing })))).message).toMatch(/larger than the file/);
  });

  it('may name a tensor __proto__', () => {
    const found = read(zipFile({ ['__proto__']: { shape: [4], data } }));
    expect(Object.keys(found)).toEqual(['__proto__']);
  });
});

it('a pickle of arrays may encode one text many times', async () => {
  const encode = new TextEncoder().encode('c_codecs\nencode\n');
  const make = join(bytes(GET, 0), bytes(GET, 1), text('latin1'), bytes(TUPLE_2, 0x52));
  const file = pickle(
    encode,
    bytes(PUT, 0),
    text('x'.repeat(1000)),
    bytes(PUT, 1),
    dictionary([text('a'), tuple(...Array.from({ length: 100 }, () => make))]),
  );
  const damaged = (why: string) => new AncError('ANC_DATA_CORRUPT', why);
  expect(() => unpickleNumpy(file, damaged)).toThrow('larger than the file');
});

describe('a model.json', () => {
  const read = (json: unknown, shard = new Uint8Array(4)) => {
    let reads = 0;
    const shards = (): Promise<Uint8Array> => Promise.resolve(shard).finally(() => reads++);
    const encoded = typeof json === 'string' ? json : JSON.stringify(json);
    return readTfjsFiles(new TextEncoder().encode(encoded), shards).finally(() =>
      expect(reads).toBeLessThan(3),
    );
  };
  const weight = { name: 'w', shape: [1], dtype: 'float32' };

  it('may list a shard 200,000 times', async () => {
    const paths = new Array<string>(200_000).fill('x.bin');
    const error = await failure(() => read({ weightsManifest: [{ paths, weights: [weight] }] }));
    expect(error.message).toMatch('it lists "x.bin" twice');
    const spelled = ['x.bin', './x.bin', './/x.bin'];
    const large = { ...weight, shape: [2 ** 40] };
    expect((await failure(() => read({ weightsManifest: [{ paths: spelled, weights: [large] }] }))).message).toMatch('twice'); // prettier-ignore
    const groups = paths.slice(0, 3).map((path) => ({ paths: [path], weights: [weight] }));
    expect((await failure(() => read({ weightsManifest: groups }))).message).toMatch('twice');
  });

  it('may list more shards than it has weights for', async () => {
    const paths = Array.from({ length: 1000 }, (_, i) => `${i}.bin`);
    const error = await failure(() => read({ weightsManifest: [{ paths, weights: [weight] }] }));
    expect(error.message).toMatch('4 bytes more than it describes');
  });

  it('may have sizes whose product overflows', async () => {
    const shape = [2 ** 52, 2 ** 52, 2 ** 52];
    const manifest = [{ paths: ['x'], weights: [{ ...weight, shape }] }];
    expect((await failure(() => read({ weightsManifest: manifest }))).message).toMatch('end within "w"');
  });

  it('may name a weight __proto__, which stays a name', async () => {
    const manifest = [{ paths: ['x'], weights: [{ ...weight, name: '__proto__' }] }];
    const { tensors } = await read({ weightsManifest: manifest });
    expect(Object.keys(tensors)).toEqual(['__proto__']);
  });

  it('may nest its topology a million levels deep', async () => {
    const topology = `${'{"config":'.repeat(1e6)}1${'}'.repeat(1e6)}`;
    const error = await failure(() => read(`{"weightsManifest":[],"modelTopology":${topology}}`));
    expect(error.message).toMatch('not JSON');
  });
});

it('a safetensors header may nest an element type without end', async () => {
  const json = `{"w":{"dtype":${'['.repeat(1e5)}${']'.repeat(1e5)},"shape":[],"data_offsets":[0,0]}}`;
  const file = join(new Uint8Array(BigUint64Array.of(BigInt(json.length)).buffer), Buffer.from(json));
  expect((await failure(() => decodeSafetensors(file))).code).toBe('ANC_SAFETENSORS');
});

/** The weights of one dense layer of [3, 7], as HDF5. */
async function denseWeights(): Promise<Buffer> {
  const input = { name: 'i', className: 'InputLayer', config: {}, inputs: [], shape: [3], variables: [] };
  const kernel = { shape: [3, 7], data: new Float32Array(21) };
  const dense = { ...input, name: 'd', className: 'Dense', inputs: [input], variables: [kernel] };
  const model: KerasModel = { name: 'one', input, outputs: [dense] };
  const archive = unzipSync(await encodeKerasFile(model, {}));
  return Buffer.from(archive['model.weights.h5']!);
}

it('a Keras file may have a tensor in a layout that is not known', async () => {
  const file = await denseWeights();
  const bytes = Buffer.from(BigUint64Array.of(4n * 21n).buffer);
  let at = file.indexOf(bytes); // behind version 3, class 1 (contiguous) and an address
  while (file[at - 10] !== 3 || file[at - 9] !== 1) at = file.indexOf(bytes, at + 1);
  file[at - 9] = 7;
  expect((await failure(() => readKerasFile(inMemory(file)))).message).toMatch(/cut short/);
});

it('a Keras file may claim a tensor larger than itself', async () => {
  const file = await denseWeights();
  const sizes = Buffer.from(BigUint64Array.of(3n, 7n).buffer);
  expect(file.indexOf(sizes)).toBeGreaterThan(0);
  // The sizes, and the largest that they may become.
  for (let at = file.indexOf(sizes); at !== -1; at = file.indexOf(sizes))
    file.writeBigUint64LE(3n << 28n, at);
  expect((await failure(() => readKerasFile(inMemory(file)))).message).toMatch(/larger than the file/);
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeKerasFile } from '@anc/formats';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { trialLimits, tryApart } from './trial.js';

beforeEach(() => vi.stubEnv('ANC_TRIAL_SECONDS', undefined));
afterEach(() => vi.unstubAllEnvs());

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-trial-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** One field of a protocol buffer: text or bytes, or a number. */
function field(number: number, value: string | Uint8Array | bigint | number): Buffer {
  const varint = (n: bigint): Buffer => {
    const bytes: number[] = [];
    for (let rest = n; ; rest >>= 7n) {
      if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
      bytes.push(Number(rest & 127n) | 128);
    }
  };
  const tag = (wire: number): Buffer => varint(BigInt(8 * number + wire));
  if (typeof value === 'number' || typeof value === 'bigint')
    return Buffer.concat([tag(0), varint(BigInt(value))]);
  const bytes = Buffer.from(value);
  return Buffer.concat([tag(2), varint(BigInt(bytes.length)), bytes]);
}
const message = (...fields: readonly Buffer[]): Buffer => Buffer.concat(fields);

const [FLOAT, INT64, BOOL] = [1, 7, 9] as const;
const value = (name: string, type: number, ...sizes: readonly number[]): Buffer => {
  const shape = field(2, message(...sizes.map((size) => field(1, field(1, size)))));
  return message(field(1, name), field(2, field(1, message(field(1, type), shape))));
};
const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  ...attributes: readonly Buffer[]
): Buffer => message(...inputs.map((name) => field(1, name)), field(2, output), field(4, op), ...attributes);
const constant = (name: string, type: number, data: ArrayBufferView, ...sizes: readonly number[]): Buffer =>
  message(
    ...sizes.map((size) => field(1, size)),
    field(2, type),
    field(8, name),
    field(9, new Uint8Array(data.buffer)),
  );

/** A classifier of 8×8 images with a loop that adds one to the features, so many times. */
function loopModel(times: bigint): Buffer {
  const body = message(
    field(1, node('Identity', ['c'], 'c2')),
    field(1, node('Add', ['v', 'one'], 'v2')),
    field(2, 'body'),
    field(5, constant('one', FLOAT, Float32Array.of(1))),
    field(11, value('i', INT64)),
    field(11, value('c', BOOL)),
    field(11, value('v', FLOAT, 1, 3)),
    field(12, value('c2', BOOL)),
    field(12, value('v2', FLOAT, 1, 3)),
  );
  const attribute = field(5, message(field(1, 'body'), field(6, body), field(20, 5)));
  const graph = message(
    field(1, node('GlobalAveragePool', ['x'], 'p')),
    field(1, node('Flatten', ['p'], 'f')),
    field(1, node('Loop', ['times', 'on', 'f'], 'l', attribute)),
    field(1, node('MatMul', ['l', 'W'], 'y')),
    field(2, 'g'),
    field(5, constant('times', INT64, BigInt64Array.of(times))),
    field(5, constant('on', BOOL, Uint8Array.of(1))),
    field(5, constant('W', FLOAT, new Float32Array(6).fill(1), 3, 2)),
    field(11, value('x', FLOAT, 1, 3, 8, 8)),
    field(12, value('y', FLOAT, 1, 2)),
  );
  return message(field(1, 8), field(7, graph), field(8, field(2, 13)));
}

describe('a trial in another process', () => {
  const attempt = async (times: bigint, seconds: number): Promise<void> => {
    const path = join(dir, `${times}.onnx`);
    await writeFile(path, loopModel(times));
    const request = { kind: 'onnx', path, shown: 'm.onnx', images: [8, 8, 3], options: {} } as const;
    await tryApart(request, String(times), { ...trialLimits('onnx', 0), seconds });
  };

  it('lets a loop pass that ends', async () => {
    await attempt(3n, 60);
  });

  it('ends a loop of 2^62 iterations', async () => {
    await expect(attempt(2n ** 62n, 4)).rejects.toMatchObject({
      code: 'ANC_ONNX',
      detail: { received: 'no end within 4 s' },
    });
  });

  const kerasFile = async (): Promise<string> => {
    const path = join(dir, 'm.keras');
    const input = { name: 'i', className: 'InputLayer', config: {}, inputs: [], shape: [3], variables: [] };
    const kernel = { shape: [1 << 10, 1 << 10], data: new Float32Array(1 << 20) };
    const dense = { ...input, name: 'd', className: 'Dense', inputs: [input], variables: [kernel] };
    await writeFile(path, await encodeKerasFile({ name: 'm', input, outputs: [dense] }, {}));
    return path;
  };

  it('leaves the errors of the work to the work', async () => {
    await tryApart({ kind: 'keras', path: await kerasFile() }, 'good', trialLimits('keras', 1 << 22));
    await tryApart({ kind: 'keras', path: join(dir, 'none') }, 'none', trialLimits('keras', 0));
  });

  it('ends where it takes too much memory', async () => {
    const limits = { seconds: 60, bytes: 30 * 2 ** 20 };
    const started = tryApart({ kind: 'keras', path: await kerasFile() }, 'large', limits);
    await expect(started).rejects.toMatchObject({
      code: 'ANC_WEIGHTS',
      detail: { received: 'more than 30 MiB of memory' },
    });
  });
});

it('has limits that grow with the file', () => {
  expect(trialLimits('onnx', 0)).toEqual({ seconds: 30, bytes: 2 ** 31 });
  expect(trialLimits('keras', 2 ** 21)).toEqual({ seconds: 31, bytes: 560 * 2 ** 20 });
});

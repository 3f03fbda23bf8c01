import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Diagnostics, Tree } from '@anc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MetricsRecord } from '../run-folder/metrics-log.js';
import { RunFolder } from '../run-folder/run-folder.js';
import { crc32c } from './crc32c.js';
import { scalarEvent } from './event.js';
import { frameRecord } from './record.js';
import { ScalarLog } from './scalar-log.js';

let root: string;
let folder: RunFolder;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-events-'));
  folder = await RunFolder.create(join(root, 'glyphs-1'), 'seed: 1\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Checksum as it was before masking. */
function unmask(value: number): number {
  const rotated = (value - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    expect(unmask(file.readUInt32LE(at + 8))).toBe(crc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(unmask(file.readUInt32LE(at + 12 + length))).toBe(crc32c(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** Fields of one message: number and raw value. */
function fieldsOf(message: Buffer): [number, number | Buffer][] {
  const fields: [number, number | Buffer][] = [];
  let at = 0;
  const varint = (): number => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = BigInt(message[at++]!);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return Number(value);
      shift += 7n;
    }
  };
  while (at < message.length) {
    const key = varint();
    const [field, type] = [key >> 3, key & 7];
    if (type === 0) fields.push([field, varint()]);
    else if (type === 1) fields.push([field, message.readDoubleLE((at += 8) - 8)]);
    else if (type === 5) fields.push([field, message.readFloatLE((at += 4) - 4)]);
    else {
      const length = varint();
      fields.push([field, message.subarray(at, (at += length))]);
    }
  }
  return fields;
}

/** [tag, step, value] of every scalar in a file, which has to start with the version. */
function scalarsOf(file: Buffer): [string, number, number][] {
  const [version, ...events] = recordsOf(file).map((record) => new Map(fieldsOf(record)));
  expect(String(version!.get(3))).toBe('brain.Event:2');
  return events.flatMap((event) =>
    fieldsOf(event.get(5) as Buffer).map(([field, value]): [string, number, number] => {
      expect(field).toBe(1);
      const scalar = new Map(fieldsOf(value as Buffer));
      return [String(scalar.get(1)), event.get(2) as number, scalar.get(2) as number];
    }),
  );
}

const record = (
  model: string,
  stage: string,
  step: number,
  metrics: Tree<number>,
  diagnostics: Partial<Diagnostics> | null = null,
): MetricsRecord => ({
  model,
  stage,
  event: 'epoch',
  epoch: 0,
  step,
  metrics,
  diagnostics: diagnostics as Diagnostics | null,
});

async function log(scalars: ScalarLog, ...records: MetricsRecord[]): Promise<void> {
  for (const one of records) {
    await folder.metrics.append(one);
    await scalars.append(one);
  }
}

const files = async (): Promise<string[]> =>
  (await readdir(folder.path)).filter((name) => name.startsWith('events.')).sort();
const read = async (name: string) => scalarsOf(await readFile(join(folder.path, name)));

describe('ScalarLog', () => {
  it('writes one file per process, readable after every record', async () => {
    const scalars = new ScalarLog(folder, { now: () => 1_700_000_000_900 });
    expect(await files()).toEqual([]);
    await log(scalars, record('teacher', 'train', 93, { error: 0.5, 'loss/labels': 2 }));
    expect(await files()).toEqual(['events.out.tfevents.1700000000.glyphs-1.anc']);
    const first = await read((await files())[0]!);
    expect(first).toEqual([
      ['teacher/error', 93, 0.5],
      ['teacher/loss/labels', 93, 2],
    ]);
    await log(scalars, record('größe', 'train', 70_000, { auc: 0.25 }, { gradientRatio: Infinity }));
    expect(await read((await files())[0]!)).toEqual([
      ...first,
      ['größe/discriminator/auc', 70_000, 0.25],
      ['größe/diagnostics/gradientRatio', 70_000, Infinity],
    ]);
  });

  it('writes a metric once, under its current name', async () => {
    const metrics = { auc: 0.5, 'discriminator/auc': 0.5, dStudent: 0.25 };
    await log(new ScalarLog(folder), record('kd', 'train', 1, metrics));
    expect(await read((await files())[0]!)).toEqual([
      ['kd/discriminator/auc', 1, 0.5],
      ['kd/discriminator/student', 1, 0.25],
    ]);
  });

  it('keeps values that diverged', async () => {
    const scalars = new ScalarLog(folder);
    await log(scalars, record('l2', 'train', 1, { a: NaN, b: Infinity, c: -Infinity }));
    expect((await read((await files())[0]!)).map(([, , value]) => value)).toEqual([NaN, Infinity, -Infinity]);
  });

  it('counts steps through all stages, also after a resume, which starts a later file', async () => {
    const options = { now: () => 1_700_000_000_000 };
    await log(
      new ScalarLog(folder, options),
      record('a', 'match', 10, { loss: 1 }),
      record('a', 'match', 20, { loss: 1 }),
      record('b', 'match', 10, { loss: 1 }),
      record('a', 'play', 10, { loss: 1 }),
    );
    await log(new ScalarLog(folder, options), record('a', 'play', 20, { loss: 1 }));
    const [first, second, ...more] = await files();
    expect(more).toEqual([]);
    expect(second).toBe('events.out.tfevents.1700000001.glyphs-1.anc');
    expect((await read(first!)).map(([tag, step]) => [tag, step])).toEqual([
      ['a/loss', 10],
      ['a/loss', 20],
      ['b/loss', 10],
      ['a/loss', 30],
    ]);
    expect(await read(second!)).toEqual([['a/loss', 40, 1]]);
  });
});

describe('scalarEvent', () => {
  it('holds steps beyond 32 bits', () => {
    const step = 2 ** 40 + 300;
    expect(new Map(fieldsOf(scalarEvent(1.5, step, {}))).get(2)).toBe(step);
  });
});

describe('frameRecord', () => {
  it('matches a known empty record', () => {
    // CRC-32C of eight zero bytes is 0x8c28b28a, of nothing 0.
    expect(crc32c(new Uint8Array(8))).toBe(0x8c28b28a);
    expect(frameRecord(new Uint8Array(0)).toString('hex')).toBe(
      '0000000000000000290398 07d8ea82a2'.replace(' ', ''),
    );
  });
});

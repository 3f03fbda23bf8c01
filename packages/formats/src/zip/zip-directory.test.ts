import { AncError, isAncError, Rng } from '@anc/core';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { inMemory } from '../bytes/byte-source.js';
import { zipEntries } from './zip-directory.js';

const damaged = (why: string): AncError => new AncError('ANC_CHECKPOINT', why);
const entriesOf = (bytes: Uint8Array) => zipEntries(inMemory(bytes), damaged);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const FILES = { 'a/first': new TextEncoder().encode('one'), second: new TextEncoder().encode('twenty-two') };
const plain = (): Uint8Array => zipSync(FILES, { level: 0 });

/** In a 32-bit field: the value is in a 64-bit field elsewhere. */
const ELSEWHERE = 0xffffffff;

/**
 * The same archive as zip64: the sizes and the place of every entry in its extra field, behind another field; then the
 * 64-bit end record, its locator, and an end record without numbers.
 */
function wide(archive: Uint8Array): Uint8Array {
  const old = new DataView(archive.buffer, archive.byteOffset);
  const end = archive.length - 22;
  const [count, begin] = [old.getUint16(end + 10, true), old.getUint32(end + 16, true)];
  const directory: Uint8Array[] = [];
  for (let i = 0, at = begin; i < count; i++) {
    const nameLength = old.getUint16(at + 28, true);
    const entry = archive.slice(at, at + 46 + nameLength);
    const view = new DataView(entry.buffer);
    const extra = new DataView(new ArrayBuffer(6 + 28));
    extra.setUint16(0, 0x5455, true); // a time, which is skipped
    extra.setUint16(2, 2, true);
    extra.setUint16(6, 1, true);
    extra.setUint16(8, 24, true);
    for (const [i, field] of [24, 20, 42].entries()) {
      extra.setBigUint64(10 + 8 * i, BigInt(view.getUint32(field, true)), true);
      view.setUint32(field, ELSEWHERE, true);
    }
    view.setUint16(30, extra.byteLength, true);
    directory.push(entry, new Uint8Array(extra.buffer));
    at += 46 + nameLength;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const wideEnd = new DataView(new ArrayBuffer(56));
  wideEnd.setUint32(0, 0x06064b50, true);
  for (const [field, value] of [
    [4, 44],
    [24, count],
    [32, count],
    [40, size],
    [48, begin],
  ] as const) {
    wideEnd.setBigUint64(field, BigInt(value), true);
  }
  const locator = new DataView(new ArrayBuffer(20));
  locator.setUint32(0, 0x07064b50, true);
  locator.setBigUint64(8, BigInt(begin + size), true);
  const narrowEnd = archive.slice(end);
  narrowEnd.fill(0xff, 8, 20);
  return new Uint8Array(
    Buffer.concat([
      archive.subarray(0, begin),
      ...directory,
      new Uint8Array(wideEnd.buffer),
      new Uint8Array(locator.buffer),
      narrowEnd,
    ]),
  );
}

describe('the directory of a zip archive', () => {
  it.each([
    ['without zip64', plain()],
    ['with zip64', wide(plain())],
    ['with a comment', withComment(plain(), 'PK\u0005 no end')],
  ])('%s', (_name, archive) => {
    const entries = entriesOf(archive);
    expect([...entries.keys()]).toEqual(Object.keys(FILES));
    const second = entries.get('second')!;
    expect(text(second.read(0, second.size))).toBe('twenty-two');
    expect(text(second.read(7, 10))).toBe('two');
    expect(() => second.read(0, 11)).toThrow('second is cut short');
  });

  it('verifies the checksum of a whole file', () => {
    const archive = plain();
    expect(text(entriesOf(archive).get('second')!.checked())).toBe('twenty-two');
    const at = Buffer.from(archive).indexOf('twenty');
    archive[at] = archive[at]! ^ 4;
    const second = entriesOf(archive).get('second')!;
    expect(() => second.checked()).toThrow('second does not match its checksum');
    expect(text(second.read(0, second.size))).toBe('pwenty-two');
  });

  it('reports what is wrong with 64-bit numbers', () => {
    const short = wide(plain());
    const field = placeOf(short, [1, 24]);
    new DataView(short.buffer).setUint16(field + 2, 8, true); // two of three numbers are missing
    expect(() => entriesOf(short)).toThrow('a 64-bit size is missing');

    const huge = wide(plain());
    new DataView(huge.buffer).setBigUint64(placeOf(huge, [1, 24]) + 4, 1n << 60n, true);
    expect(() => entriesOf(huge)).toThrow('it claims a size of 1152921504606846976');

    const lost = wide(plain());
    new DataView(lost.buffer).setBigUint64(lost.length - 22 - 20 + 8, 5n, true);
    expect(() => entriesOf(lost)).toThrow('its end is not where it says');
  });

  it('refuses compressed files', () => {
    expect(() => entriesOf(zipSync({ a: new Uint8Array(99) }))).toThrow('its file a is compressed');
  });

  it('gives entries or an AncError for any damage', () => {
    const rng = Rng.fromSeed(1);
    let refused = 0;
    for (let i = 0; i < 400; i++) {
      const archive = i % 2 === 0 ? plain() : wide(plain());
      for (let edits = 0; edits < 4; edits++) archive[rng.int(archive.length)] = rng.int(256);
      try {
        for (const { size, read } of entriesOf(archive.slice(0, archive.length - rng.int(3))).values()) {
          read(0, size);
        }
      } catch (error) {
        expect(isAncError(error)).toBe(true);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(50);
  });
});

/** The place of two consecutive 16-bit numbers. */
function placeOf(bytes: Uint8Array, [first, second]: readonly [number, number]): number {
  return Buffer.from(bytes).indexOf(Buffer.from(Uint16Array.of(first, second).buffer));
}

function withComment(archive: Uint8Array, comment: string): Uint8Array {
  const bytes = new TextEncoder().encode(comment);
  const longer = new Uint8Array(Buffer.concat([archive, bytes]));
  new DataView(longer.buffer).setUint16(archive.length - 2, bytes.length, true);
  return longer;
}

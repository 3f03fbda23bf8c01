import { describe, expect, it } from 'vitest';
import { checkPages, layoutOf, type ColumnLayout } from './check-pages.js';

/** A struct of Thrift's compact protocol: integers, booleans and structs by field number, in order. */
function struct(fields: Readonly<Record<number, number | boolean | number[]>>): number[] {
  const bytes: number[] = [];
  let before = 0;
  for (const [key, value] of Object.entries(fields)) {
    const head = (Number(key) - before) << 4;
    before = Number(key);
    if (Array.isArray(value)) bytes.push(head | 12, ...value);
    else if (typeof value === 'boolean') bytes.push(head | (value ? 1 : 2));
    else bytes.push(head | 5, ...varint(2 * value));
  }
  return [...bytes, 0];
}
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
const length = (part: readonly number[]): number[] => [...new Uint8Array(Uint32Array.of(part.length).buffer)];
/** A run of equal values, and packed groups of 8 values of one bit. */
const run = (count: number, value: number): number[] => [...varint(2 * count), value];
const packed = (groups: number): number[] => [...varint(2 * groups + 1), ...Array<number>(groups).fill(0)];

const [DICTIONARY, PLAIN] = [8, 0];
/** Levels of one bit, then the content. */
function page(count: number, levels: number[], content: number[], encoding = DICTIONARY): Uint8Array {
  const body = [...length(levels), ...levels, ...content];
  const own = struct({ 1: count, 2: encoding, 3: 3, 4: 3 });
  return Uint8Array.from([...struct({ 1: 0, 2: body.length, 3: body.length, 5: own }), ...body]);
}
function page2(own: Parameters<typeof struct>[0], body: number[]): Uint8Array {
  return Uint8Array.from([...struct({ 1: 3, 2: body.length, 3: body.length, 8: struct(own) }), ...body]);
}
const column: ColumnLayout = { values: 20, codec: 'UNCOMPRESSED', repetition: 0, definition: 1 };
const check =
  (bytes: Uint8Array, layout: ColumnLayout = column) =>
  () =>
    checkPages(bytes, layout, 1000, {});

describe('checkPages', () => {
  const levels = run(20, 1);
  it.each<[string, Uint8Array]>([
    ['indices in a dictionary', page(20, levels, [1, ...run(12, 0), ...packed(1)])],
    ['groups that are filled up', page(20, packed(3), [1, ...packed(3)])],
    ['fewer indices than values, the others being null', page(20, levels, [1, ...run(5, 0)])],
    ['values as they are', page(20, levels, [255, 255, 255, 255], PLAIN)],
    ['two pages', Uint8Array.from([...page(10, run(10, 1), [0]), ...page(10, run(10, 1), [0])])],
    [
      'the second kind',
      page2({ 1: 20, 2: 0, 3: 20, 4: DICTIONARY, 5: 2, 6: 0 }, [...levels, 1, ...run(20, 1)]),
    ],
  ])('accepts %s', (_, bytes) => {
    expect(check(bytes)).not.toThrow();
  });

  const endless = run(2 ** 28, 0);
  it.each<[string, Uint8Array, RegExp]>([
    ['levels', page(20, endless, []), /a run of 268435456 values, of 20/],
    ['packed levels', page(20, varint(2 ** 28 + 1), []), /a run of 1073741824 values/],
    ['indices', page(20, levels, [1, ...endless]), /a run of 268435456 values/],
    ['indices of no bits', page(20, levels, [0, ...varint(2 ** 28 + 1)]), /a run of/],
    ['a count beyond 32 bits', page(20, levels, [1, ...varint(2 ** 40)]), /a run of/],
    ['a run that is cut', page(20, levels, [1, 128]), /without its end/],
    ['wide indices', page(20, levels, [33, ...run(20, 0)]), /33 bits/],
    [
      'levels beyond the page',
      Uint8Array.from([...page(20, levels, []).slice(0, -6), 9, 0, 0, 0, 40, 1]),
      /levels of 9/,
    ],
    ['no lengths', page2({ 1: 20, 2: 0, 3: 20, 4: 0 }, levels), /lengths of its levels/],
    ['lengths beyond the page', page2({ 1: 20, 4: 0, 5: 2, 6: 1 }, levels), /lengths of its levels/],
    ['levels of the second kind', page2({ 1: 20, 4: 0, 5: endless.length, 6: 0 }, endless), /a run of/],
    ['its indices', page2({ 1: 20, 4: 2, 5: 2, 6: 0, 7: false }, [...levels, 1, ...endless]), /a run of/],
    [
      'pages',
      Uint8Array.from([...page(20, levels, [0]), ...page(20, levels, [0])]),
      /pages of more values than their column/,
    ],
  ])('refuses %s without an end', (_, bytes, why) => {
    expect(check(bytes)).toThrow(why);
  });

  it('unpacks what is packed, before it looks at it', () => {
    const inner = [...length(endless), ...endless];
    const own = struct({ 1: 20, 2: DICTIONARY, 3: 3, 4: 3 });
    const bytes = Uint8Array.from([...struct({ 1: 0, 2: inner.length, 3: 1, 5: own }), 7]);
    const compressors = { GZIP: () => Uint8Array.from(inner) };
    expect(() => checkPages(bytes, { ...column, codec: 'GZIP' }, 1000, compressors)).toThrow(/a run of/);
  });
});

describe('layoutOf', () => {
  const schema = [
    { name: 'root', num_children: 3 },
    { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
    { name: 'bytes', repetition_type: 'OPTIONAL' },
    { name: 'path', repetition_type: 'REQUIRED' },
    { name: 'label', repetition_type: 'REQUIRED' },
    { name: 'boxes', repetition_type: 'REPEATED' },
  ];
  const of = (...path: string[]) =>
    layoutOf({ schema } as never, { path_in_schema: path, num_values: 3n, codec: 'SNAPPY' } as never);

  it.each([
    [['image', 'bytes'], 0, 2],
    [['image', 'path'], 0, 1],
    [['label'], 0, 0],
    [['boxes'], 1, 1],
  ])('finds the levels of %j', (path, repetition, definition) => {
    expect(of(...path)).toEqual({ values: 3, codec: 'SNAPPY', repetition, definition });
  });

  it('refuses what is not in the schema', () => {
    expect(() => of('bytes')).toThrow(RangeError);
    expect(() => of('image', 'label')).toThrow(RangeError);
  });
});

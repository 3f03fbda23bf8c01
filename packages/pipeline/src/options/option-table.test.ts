import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TITLES } from './declare.js';
import {
  DEPRECATED_KEYS,
  flattenOptions,
  groupOptions,
  optionAt,
  optionByKey,
  optionTable,
} from './option-table.js';

const keys = optionTable.map(({ key }) => key);

describe('optionTable', () => {
  it.each(optionTable.map((entry) => [entry.key, entry] as const))('describes %s', (key, entry) => {
    expect(entry.help.trim()).not.toBe('');
    expect(TITLES).toContain(entry.title);
    // A flag without a value in help is a boolean, and no other option is one.
    expect(entry.value === '').toBe(entry.kind === 'boolean');
    expect(optionByKey(key)).toBe(entry);
    expect(optionAt(entry.path)).toEqual({ entry, rest: [] });
  });

  it('has every key and every path once', () => {
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(optionTable.map(({ path }) => path.join('.'))).size).toBe(keys.length);
  });

  it('lists the options heading by heading, in the order of help', () => {
    const headings = optionTable.map(({ title }) => TITLES.indexOf(title));
    expect(headings).toEqual([...headings].sort((a, b) => a - b));
    expect(new Set(headings).size).toBe(TITLES.length);
  });

  it('accepts nothing for every option: all of them may be left out', () => {
    for (const { schema } of optionTable) expect(schema.safeParse(undefined).success).toBe(true);
  });

  it('knows the current name of every renamed option, and no option by its old name', () => {
    for (const [old, current] of Object.entries(DEPRECATED_KEYS)) {
      expect(keys).toContain(current);
      expect(keys).not.toContain(old);
    }
  });
});

describe('optionByKey and optionAt', () => {
  it('find nothing by an unknown name, nor by the name of a group', () => {
    expect(optionByKey('epoch')).toBeUndefined();
    expect(optionAt(['epoch'])).toBeNull();
    expect(optionAt(['training'])).toBeNull();
    expect(optionAt([])).toBeNull();
  });

  it('give the rest of a path that points into the value of an option', () => {
    expect(optionAt(['objective', 'discriminator', 'units', 0])).toEqual({
      entry: optionByKey('discriminator'),
      rest: ['units', 0],
    });
    expect(optionAt(['methods', 1, 'temperature'])).toEqual({
      entry: optionByKey('methods'),
      rest: [1, 'temperature'],
    });
  });
});

describe('groupOptions and flattenOptions', () => {
  it.each(keys)('are inverse for %s', (key) => {
    const { path } = optionByKey(key)!;
    const value = ['any value'];
    const grouped = groupOptions({ [key]: value });
    expect(grouped).toEqual(path.length === 1 ? { [path[0]]: value } : { [path[0]]: { [path[1]]: value } });
    expect(flattenOptions(grouped)).toEqual({ [key]: value });
  });

  it('are inverse for any set of options', () => {
    fc.assert(
      fc.property(fc.subarray(keys), fc.nat(), (some, salt) => {
        const flat = Object.fromEntries(some.map((key, i) => [key, salt + i]));
        expect(flattenOptions(groupOptions(flat))).toEqual(flat);
      }),
    );
  });

  it('keep null, which is a value, and leave out what is undefined', () => {
    expect(groupOptions({ limitTrain: null, epochs: undefined })).toEqual({ data: { limitTrain: null } });
    expect(flattenOptions({ data: { limitTrain: null }, training: { epochs: undefined } })).toEqual({
      limitTrain: null,
    });
  });

  it('leave out keys that are not options', () => {
    expect(groupOptions({ epoch: 3, batchSize: 8 })).toEqual({ training: { batchSize: 8 } });
    expect(flattenOptions({ training: { epoch: 3, batchSize: 8 }, other: 1 })).toEqual({ batchSize: 8 });
  });
});

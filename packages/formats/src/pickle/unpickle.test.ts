import { AncError } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../bytes/byte-reader.js';
import { inMemory } from '../bytes/byte-source.js';
import { Global, unpickle, type PicklePolicy } from './unpickle.js';

interface Built {
  readonly built: string;
  readonly args: readonly unknown[];
}

const damaged = (why: string): AncError => new AncError('ANC_TEST', why);
const states: unknown[] = [];

/** Allows everything in the module `own`. */
const policy: PicklePolicy<Built> = {
  damaged,
  byteString: (bytes) => Buffer.from(bytes).toString('latin1').toUpperCase(),
  allow(name) {
    if (!name.startsWith('own.')) throw damaged(`${name} is not allowed`);
  },
  call: (name, args) => ({ built: name, args }),
  setState: (_target, state) => void states.push(state),
  persistent: (id) => ({ built: 'persistent', args: [id] }),
};

const file = (text: string): Uint8Array => Buffer.from(`\x80\x02${text}.`, 'latin1');
const read = (text: string) => unpickle(new ByteReader(inMemory(file(text)), damaged), policy);

describe('unpickle', () => {
  it.each<[string, string, unknown]>([
    ['constants', '(N\x88\x89t', [null, true, false]],
    ['integers', '(K\xffM\x01\x02J\xfe\xff\xff\xff\x8a\x02\x00\xfft', [255, 513, -2, -256]],
    ['a float, big-endian', 'G\x3f\xf8\x00\x00\x00\x00\x00\x00', 1.5],
    ['text', '(X\x02\x00\x00\x00\xc3\xa9\x8c\x01at', ['é', 'a']],
    ['byte strings, as the policy has them', '(U\x01aT\x01\x00\x00\x00bt', ['A', 'B']],
    ['bytes', 'C\x02\x00\xff', Uint8Array.of(0, 255)],
    ['lists, by one and by many', '](K\x01K\x02eK\x03a', [1, 2, 3]],
    ['tuples', '(K\x01\x85K\x01K\x02\x86K\x01K\x02K\x03\x87)t', [[1], [1, 2], [1, 2, 3], []]],
    [
      'dictionaries',
      '}(K\x01K\x02K\x03K\x04uK\x05K\x06s',
      new Map([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ],
    ['the memo, explicit and counted', '(K\x07q\x00h\x00K\x08\x94h\x01t', [7, 7, 8, 8]],
    ['values that are dropped', 'K\x01K\x020(K\x031', 1],
    ['a global', 'cown\nThing\n', new Global('own.Thing')],
    ['a global from the stack', 'X\x03\x00\x00\x00ownX\x01\x00\x00\x00f\x93', new Global('own.f')],
    ['a call', 'cown\nf\nK\x01\x85R', { built: 'own.f', args: [1] }],
    ['a new object', 'cown\nf\nK\x01\x85\x81', { built: 'own.f', args: [1] }],
    ['a new object with keywords', 'cown\nf\nK\x01\x85}\x92', { built: 'own.f', args: [1] }],
    ['sets, as lists', '(\x8f(K\x01K\x02\x90(K\x03\x91t', [[1, 2], [3]]],
    ['integers that are too long for a number', `\x8a\x10${'\x01'.repeat(16)}`, NaN],
    ['a persistent id', 'K\x09Q', { built: 'persistent', args: [9] }],
  ])('reads %s', (_name, text, value) => {
    expect(read(text)).toEqual(value);
  });

  it('hands states to the policy', () => {
    states.length = 0;
    expect(read('}K\x04b')).toEqual(new Map());
    expect(states).toEqual([4]);
  });

  it('leaves the reader behind the pickle', () => {
    const reader = new ByteReader(inMemory(Buffer.concat([file('K\x01'), file('K\x02')])), damaged);
    expect([unpickle(reader, policy), unpickle(reader, policy)]).toEqual([1, 2]);
  });

  it('reads from an array without copying it', () => {
    const bytes = file('C\x02\x00\xff');
    const value = unpickle(ByteReader.over(bytes, damaged), policy) as Uint8Array;
    expect([value.buffer, [...value]]).toEqual([bytes.buffer, [0, 255]]);
  });

  it.each<[string, string, RegExp]>([
    ['a global that is not allowed, used or not', 'cos\nsystem\n0N', /os\.system is not allowed/],
    ['an unknown instruction', '\x82', /instruction 0x82/],
    ['another protocol', '\x80\x06', /protocol 6/],
    ['an empty stack', '', /stack is empty/],
    ['a mark as a value', '(', /stack is empty/],
    ['a tuple without a mark', 'K\x01t', /mark is missing/],
    ['an unknown memo entry', 'h\x05', /memo entry 5/],
    ['items for a number', 'K\x01K\x02a', /not a list/],
    ['pairs for a list', '](K\x01K\x02u', /not a dictionary/],
    ['a key without a value', '}(K\x01u', /key has no value/],
    ['a call of a number', 'K\x01)R', /cannot be called/],
    ['a call without a tuple', 'cown\nf\nK\x01R', /cannot be called/],
    ['a global without a name', 'K\x01K\x02\x93', /no name/],
    ['a negative length', 'T\xff\xff\xff\xff', /in the middle of a value/],
    ['a length beyond the file', 'X\xff\xff\xff\x7f', /in the middle of a value/],
    ['a size beyond 2^53', `\x8e${'\xff'.repeat(8)}`, /claims a size/],
    ['a name without an end', `c${'a'.repeat(5000)}`, /line has no end/],
  ])('refuses %s', (_name, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('refuses values that take far more memory than the file', () => {
    expect(() => read('}'.repeat(1_300_000))).toThrow(/far larger than the file/);
    expect(read('}0'.repeat(1000) + 'N')).toBeNull();
  });
});

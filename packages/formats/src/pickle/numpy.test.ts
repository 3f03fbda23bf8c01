import { AncError } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { NumpyArray, unpickleNumpy } from './numpy.js';

const damaged = (why: string): AncError => new AncError('ANC_DATA_CORRUPT', why);
const read = (bytes: Uint8Array) => unpickleNumpy(bytes, damaged);

/** `pickle.dumps({'labels': [3, 200], 'data': array}, protocol)` in Python 3; `b'…'` has bytes as keys. */
const WRITTEN = {
  'protocol 2':
    'gAJ9cQAoWAYAAABsYWJlbHNxAV1xAihLA0vIZVgEAAAAZGF0YXEDY251bXB5LmNvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQRjbnVtcHkKbmRhcnJheQpxBUsAhXEGY19jb2RlY3MKZW5jb2RlCnEHWAEAAABicQhYBgAAAGxhdGluMXEJhnEKUnELh3EMUnENKEsBSwJLA4ZxDmNudW1weQpkdHlwZQpxD1gCAAAAdTFxEImIh3ERUnESKEsDWAEAAAB8cRNOTk5K/////0r/////SwB0cRRiiWgHWAkAAAAAAQLDiMO6w79xFWgJhnEWUnEXdHEYYnUu',
  'protocol 3':
    'gAN9cQAoWAYAAABsYWJlbHNxAV1xAihLA0vIZVgEAAAAZGF0YXEDY251bXB5LmNvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQRjbnVtcHkKbmRhcnJheQpxBUsAhXEGQwFicQeHcQhScQkoSwFLAksDhnEKY251bXB5CmR0eXBlCnELWAIAAAB1MXEMiYiHcQ1ScQ4oSwNYAQAAAHxxD05OTkr/////Sv////9LAHRxEGKJQwYAAQLI+v9xEXRxEmJ1Lg==',
  'protocol 3, b':
    'gAN9cQAoQwZsYWJlbHNxAV1xAihLA0vIZUMEZGF0YXEDY251bXB5LmNvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQRjbnVtcHkKbmRhcnJheQpxBUsAhXEGQwFicQeHcQhScQkoSwFLAksDhnEKY251bXB5CmR0eXBlCnELWAIAAAB1MXEMiYiHcQ1ScQ4oSwNYAQAAAHxxD05OTkr/////Sv////9LAHRxEGKJQwYAAQLI+v9xEXRxEmJ1Lg==',
  'protocol 4':
    'gASVrAAAAAAAAAB9lCiMBmxhYmVsc5RdlChLA0vIZYwEZGF0YZSMFW51bXB5LmNvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwJLA4aUaAeMBWR0eXBllJOUjAJ1MZSJiIeUUpQoSwOMAXyUTk5OSv////9K/////0sAdJRiiUMGAAECyPr/lHSUYnUu',
  'protocol 5':
    'gAWVrAAAAAAAAAB9lCiMBmxhYmVsc5RdlChLA0vIZYwEZGF0YZSMFW51bXB5LmNvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwJLA4aUaAeMBWR0eXBllJOUjAJ1MZSJiIeUUpQoSwOMAXyUTk5OSv////9K/////0sAdJRiiUMGAAECyPr/lHSUYnUu',
};

describe('a pickle of a NumPy array', () => {
  it.each(Object.entries(WRITTEN))('%s', (_name, base64) => {
    const values = read(Buffer.from(base64, 'base64'));
    expect([...values.keys()]).toEqual(['labels', 'data']);
    expect(values.get('labels')).toEqual([3, 200]);
    const array = values.get('data') as NumpyArray;
    expect(array).toBeInstanceOf(NumpyArray);
    expect([array.shape, array.dtype, [...array.data]]).toEqual([[2, 3], 'u1', [0, 1, 2, 200, 250, 255]]);
  });

  it('has the bytes of the file, not a copy', () => {
    const bytes = Buffer.from(WRITTEN['protocol 4'], 'base64');
    const { data } = read(bytes).get('data') as NumpyArray;
    expect(data.buffer).toBe(bytes.buffer);
  });

  it('is refused when it is cut short anywhere', () => {
    const bytes = Buffer.from(WRITTEN['protocol 4'], 'base64');
    for (let length = 0; length < bytes.length; length++) {
      expect(() => read(bytes.subarray(0, length))).toThrow(AncError);
    }
  });

  const utf8 = '\xc3\x88\xc3\xba\xc3\xbf'; // 200, 250, 255 as text
  it.each([
    ['text that is not UTF-8', 'protocol 2', utf8, '\xc3\x88\xc3\x3a\xc3\xbf', 'is not UTF-8'],
    [
      'a character that is no byte',
      'protocol 2',
      utf8,
      '\xd3\x88\xc3\xba\xc3\xbf',
      'it calls _codecs.encode',
    ],
    ['another encoding of bytes', 'protocol 2', 'latin1', 'latin2', 'it calls _codecs.encode'],
    ['a state of another version', 'protocol 4', '(K\x01K\x02K\x03', '(K\x02K\x02K\x03', 'it sets a state'],
  ] as const)('refuses %s, which would be other pixels', (_name, written, from, to, message) => {
    // Python's own reader refuses each of these files.
    const bytes = Buffer.from(WRITTEN[written], 'base64');
    const at = bytes.indexOf(Buffer.from(from, 'latin1'));
    expect(at).toBeGreaterThan(0);
    bytes.write(to, at, 'latin1');
    expect(() => read(bytes)).toThrow(message);
  });

  it.each([
    ['another global', '\x80\x02cos\nsystem\n.', 'it refers to os.system, which is not plain data'],
    ['a call of the array class', '\x80\x02cnumpy\nndarray\n)R.', 'it calls numpy.ndarray'],
    ['a state that is not an array’s', '\x80\x02}Nb.', 'it sets a state'],
    ['a persistent id', '\x80\x02NQ.', 'an object outside of the file'],
    ['a list', '\x80\x02].', 'it does not hold a dictionary'],
  ])('refuses %s', (_name, text, message) => {
    expect(() => read(Buffer.from(text, 'latin1'))).toThrow(message);
  });
});

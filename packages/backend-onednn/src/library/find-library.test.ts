import { describe, expect, it } from 'vitest';
import { loadLibrary, type LibraryKoffi } from './find-library.js';

/** koffi with libraries by path, each of a version; null: no oneDNN. */
function fakeKoffi(
  libraries: Readonly<Record<string, { major: number; minor: number; patch: number } | null>>,
): LibraryKoffi {
  return {
    load: (path) => {
      const version = libraries[path];
      if (version === undefined) throw new Error('no such file');
      return {
        func: () => {
          if (version === null) throw new Error('no such function');
          return () => version;
        },
        symbol: () => null,
      };
    },
    decode: (value: unknown) => value,
    struct: () => ({}),
  };
}

const codeOf = (koffi: LibraryKoffi, environment: Readonly<Record<string, string>>): unknown => {
  try {
    return loadLibrary(koffi, environment).version;
  } catch (error) {
    return error;
  }
};

describe('loadLibrary', () => {
  it('takes the library that the variable names, and no other', () => {
    const koffi = fakeKoffi({ '/mine/libdnnl.so': { major: 3, minor: 2, patch: 0 } });
    expect(codeOf(koffi, { ANC_ONEDNN_LIBRARY: '/mine/libdnnl.so' })).toBe('3.2.0');
    expect(codeOf(koffi, { ANC_ONEDNN_LIBRARY: '/other/libdnnl.so' })).toMatchObject({
      code: 'ANC_BACKEND_MISSING',
      detail: { received: '/other/libdnnl.so: no such file' },
    });
  });

  it.skipIf(process.platform !== 'linux')('lets the system look for it', () => {
    expect(codeOf(fakeKoffi({ 'libdnnl.so.3': { major: 3, minor: 9, patch: 1 } }), {})).toBe('3.9.1');
    expect(codeOf(fakeKoffi({}), {})).toMatchObject({ code: 'ANC_BACKEND_MISSING' });
  });

  it('refuses other versions, and libraries that are none', () => {
    const koffi = fakeKoffi({ old: { major: 2, minor: 6, patch: 3 }, none: null });
    expect(codeOf(koffi, { ANC_ONEDNN_LIBRARY: 'old' })).toMatchObject({
      code: 'ANC_BACKEND_BROKEN',
      detail: { received: '2.6.3 in old' },
    });
    expect(codeOf(koffi, { ANC_ONEDNN_LIBRARY: 'none' })).toMatchObject({ code: 'ANC_BACKEND_BROKEN' });
  });
});

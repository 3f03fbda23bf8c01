import { describe, expect, it, vi } from 'vitest';
import { sha256 } from './digest.js';

describe('the digest of a model', () => {
  it('is SHA-256, of a view as of the bytes themselves', async () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(await sha256(new TextEncoder().encode('abc'))).toBe(abc);
    expect(await sha256(new TextEncoder().encode('-abc-').subarray(1, 4))).toBe(abc);
  });

  it('names what is missing on a page without a secure context', async () => {
    vi.stubGlobal('crypto', {});
    const failure = sha256(new Uint8Array());
    await expect(failure).rejects.toMatchObject({ code: 'ANC_ONNX', detail: { hint: /https/ } });
    vi.unstubAllGlobals();
  });
});

import { AncError } from '@anc/core';

/**
 * SHA-256 in hexadecimal, by Web Crypto, which Node and browsers have.
 *
 * @throws `ANC_ONNX` on a page without it
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = (globalThis as { crypto?: Partial<typeof crypto> }).crypto?.subtle;
  if (subtle === undefined) {
    throw new AncError('ANC_ONNX', 'this page has no Web Crypto, which identifies models.', {
      hint: 'serve it by https, or from localhost.',
    });
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes.slice()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

import { expect, it } from 'vitest';
import { grayOfRgb } from '../pixels/gray.js';
import { rgbOfCmyk } from './pillow-colors.js';

// Expected values: Image.convert of Pillow 11.3, which the interop stage installs.
it('converts CMYK', () => {
  const cmyk = Uint8Array.of(112, 9, 29, 32, 0, 0, 0, 0, 255, 255, 255, 255, 10, 200, 30, 140);
  expect([...rgbOfCmyk(cmyk, 4)]).toEqual([125, 215, 198, 255, 255, 255, 0, 0, 0, 110, 25, 101]);
});

it('converts colors to gray, and leaves gray as it is', () => {
  const rgb = Uint8Array.of(112, 9, 29, 0, 0, 0, 255, 255, 255, 10, 200, 30);
  expect([...grayOfRgb(rgb)]).toEqual([42, 0, 255, 124]);
  const gray = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(grayOfRgb(Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)))).toEqual(gray);
});

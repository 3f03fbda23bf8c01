/** The number of 16 bits of half precision: 1 sign, 5 exponent, 10 fraction. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const view = new DataView(new ArrayBuffer(4));

/** The number of the 16 bits of a bfloat16: the upper half of a float32. */
export function fromBfloat16(bits: number): number {
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

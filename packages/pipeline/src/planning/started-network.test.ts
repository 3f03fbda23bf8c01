import { expect, it } from 'vitest';
import { largestMatch } from './started-network.js';

const match = (names: readonly string[], missing: readonly string[] = []) => ({
  params: Object.fromEntries(names.map((name) => [name, { shape: [], data: Float32Array.of(0) }])),
  missing,
});
const HEAD = ['fc/kernel', 'fc/bias'];
const BODY = ['conv1/kernel', 'conv2/kernel', 'conv3/kernel'];

it('takes those names of an ONNX file that fit more of the network', () => {
  const [torch, own] = [match(HEAD, BODY), match([...BODY, ...HEAD])];
  expect(largestMatch([torch, own], false)).toBe(own);
  expect(largestMatch([own, torch], true)).toBe(own);
  expect(largestMatch([torch], false)).toBe(torch); // a new body is wanted
  expect(largestMatch([match(HEAD)], true)).toEqual(match(HEAD)); // all of a linear network
});

it('takes nothing of a folded export that has the last layer alone', () => {
  expect(largestMatch([match(HEAD, BODY), match([], [...BODY, ...HEAD])], true)).toBeNull();
  expect(largestMatch([match([], HEAD)], false)).toBeNull();
});

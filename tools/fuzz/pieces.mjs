/** Pieces of files. */
import { zipSync } from 'fflate';
import { fromSource } from '../build/from-source.mjs';

export const bytes = (...values) => Uint8Array.from(values);
export const text = (value) => new TextEncoder().encode(value);
export const textOf = (content) => Buffer.from(content).toString();
export const concatenated = (...parts) => new Uint8Array(Buffer.concat(parts));
export const uint32 = (n) => new Uint8Array(Uint32Array.of(n).buffer);
export const floats = (...shape) => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
});

/** The time of everything in an archive: a case is to follow from its number. */
export const OLD = new Date(1980, 0, 1);
export const stored = (entries) => zipSync(entries, { level: 0, mtime: OLD });

/** A module that its package keeps to itself. */
export const inside = (path) => fromSource(`${path}.ts`);

import { basename, dirname, join } from 'node:path';
import { AncError } from '@anc/core';
import type { FoundModel } from '../classifier/find-model.js';

export const FORMATS = ['onnx', 'safetensors', 'tfjs', 'keras'] as const;
export type Format = (typeof FORMATS)[number];

/** What a model computes with. */
export const PRECISIONS = ['float32', 'float16', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** What only some formats can have. */
const SUITED = {
  int8: ['onnx'],
  float16: ['onnx'],
  layout: ['onnx'],
  foldNormalization: ['onnx', 'tfjs', 'keras'],
  features: ['onnx', 'tfjs', 'keras'],
} as const satisfies Record<string, readonly Format[]>;

/** Options that not every format has; undefined or false where they were not given. */
export type SuitedOptions = { readonly [Name in keyof typeof SUITED]?: unknown } & { readonly out?: string };

/** What files of the other formats are called; a folder may have any other name. */
const FILES = /\.(onnx|safetensors|keras|h5|json|bin|pth?|th)$/;

/** Throws `ANC_USAGE` on options that the format does not have, and on a name that says another. */
export function assertSuited(options: SuitedOptions, format: Format): void {
  for (const [name, formats] of Object.entries<readonly Format[]>(SUITED)) {
    const value = options[name as keyof typeof SUITED];
    if (value === undefined || value === false || formats.includes(format)) continue;
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new AncError('ANC_USAGE', `--${flag}: only some formats can have this.`, {
      expected: `--format ${formats.join(' or ')}`,
      received: `--format ${format}`,
    });
  }
  const { out } = options;
  if (out === undefined || (format === 'tfjs' ? !FILES.test(out) : out.endsWith(`.${format}`))) return;
  throw new AncError('ANC_USAGE', '--out: the name says another format.', {
    expected: format === 'tfjs' ? 'the name of a new folder' : `a name that ends in .${format}`,
    received: out,
  });
}

/** Beside the weights. */
export function defaultOut(
  weights: string,
  found: FoundModel | null,
  format: Format,
  precision: Precision,
): string {
  const own = basename(weights).replace(/\.[^.]+$/, '');
  const name = found === null ? own : found.name === 'teacher' ? 'teacher' : 'student';
  return join(
    dirname(weights),
    `${name}${precision === 'float32' ? '' : `.${precision}`}${format === 'tfjs' ? '-' : '.'}${format}`,
  );
}

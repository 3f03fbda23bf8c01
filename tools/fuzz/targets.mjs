/**
 * The readers of files from elsewhere, each with a good file to start from. `apart`: the program does this in a process
 * that it ends when it takes too long, so a case that is ended here counts as refused.
 *
 * @typedef {{ name: string, file: Uint8Array, read: (bytes: Uint8Array) => unknown, apart?: true }} Target
 */
import { data } from './readers/data.mjs';
import { classifiers } from './readers/onnx.mjs';
import { texts } from './readers/texts.mjs';
import { weights } from './readers/weights.mjs';

export const targets = [...weights, ...classifiers, ...data, ...texts];

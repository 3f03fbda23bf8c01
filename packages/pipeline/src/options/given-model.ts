import type { Named } from '../text/named.js';

/** `@scope/package:model`. */
const QUALIFIED = /^@[^\\/:]+\/[^\\/:]+:/;

/** The name under which records refer to a teacher that is a value of the caller. */
export const TEACHER_VALUE = 'value:teacher';

/** Whether a teacher's name is a path of a file or folder, or an address, and not the name of a model. */
export const isGiven = ({ name }: Named): boolean =>
  (/[\\/]/.test(name) && !QUALIFIED.test(name)) ||
  /\.(onnx|ort|safetensors|pth|pt|th|ckpt|bin|tar|keras|h5|hdf5|json)$/i.test(name);

/** Whether the teacher of these options is a file, a run folder or a function of the caller. */
export const isGivenTeacher = ({ model }: { readonly model?: Named } = {}): boolean =>
  model !== undefined && (isGiven(model) || model.name === TEACHER_VALUE);

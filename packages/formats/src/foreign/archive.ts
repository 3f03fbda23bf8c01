import { isAncError, AncError } from '@anc/core';
import { startsWith, type ByteSource } from '../bytes/byte-source.js';
import { zipNames } from '../zip/zip-directory.js';
import type { ForeignFile } from './foreign-file.js';

const ARCHIVE = [0x50, 0x4b];

const FROM_MODULE =
  'torch.onnx.export(model.eval(), (torch.zeros(1, 3, 224, 224),), "model.onnx") for the model in Python.';

/** Archives of other programs, by the files in them. */
const KINDS: readonly (readonly [test: RegExp, what: string, hint: string])[] = [
  [
    /(^|\/)(constants\.pkl|code\/.*)$/,
    'a TorchScript archive (torch.jit.save): a program, not a state dict',
    'save its state dict in Python: torch.save(torch.jit.load(path).state_dict(), "weights.pth"); or export the ' +
      `network as ONNX: ${FROM_MODULE}`,
  ],
  [
    /(^|\/)(serialized_exported_program\.json|archive_format|archive_version)$/,
    'a program of torch.export (.pt2)',
    'save its state dict in Python: torch.save(torch.export.load(path).module().state_dict(), "weights.pth"); or ' +
      `export the network as ONNX: ${FROM_MODULE}`,
  ],
  [
    /(^|\/)\.data\/(extern_modules|python_version)$/,
    'a torch.package archive',
    'save the state dict in it: torch.save(model.state_dict(), "weights.pth").',
  ],
  [/^MAR-INF\//, 'a TorchServe archive (.mar)', 'unpack it, and give the file of weights in it.'],
  [
    /(^|\/)saved_model\.pb$/,
    'an archive of a TensorFlow SavedModel',
    'convert it: python -m tf2onnx.convert --saved-model folder --output model.onnx.',
  ],
  [
    /\.npy$/,
    'an archive of NumPy arrays (.npz)',
    'save the state dict of the network: torch.save(model.state_dict(), path).',
  ],
];

/** What a zip archive is that is neither a checkpoint of PyTorch nor a model of Keras; null for these and any other file. */
export function archiveOf(source: ByteSource): ForeignFile | null {
  if (!startsWith(source, ARCHIVE)) return null;
  const names = namesIn(source);
  if (names === null) return null;
  if (names.length === 0) return { what: 'an empty zip archive', hint: 'download it again.' };
  const known = KINDS.find(([test]) => names.some((name) => test.test(name)));
  if (known !== undefined) return { what: known[1], hint: known[2] };
  if (names.some((name) => /(^|\/)data\.pkl$|^model\.weights\.h5$/.test(name))) return null;
  const shown = names.slice(0, 3).join(', ');
  return {
    what: `a zip archive of ${shown}${names.length > 3 ? ', …' : ''}`,
    hint: 'unpack it, and give the file in it.',
  };
}

/** Null if the archive is damaged. */
function namesIn(source: ByteSource): readonly string[] | null {
  try {
    return zipNames(source, (why) => new AncError('ANC_WEIGHTS', why));
  } catch (error) {
    if (isAncError(error)) return null;
    throw error;
  }
}

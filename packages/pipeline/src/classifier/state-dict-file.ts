import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AncError, sizeOf } from '@anc/core';
import { isKeras, readStateDict, type ByteSource, type StateDict } from '@anc/formats';
import { readKeras, readTfjsModel } from '@anc/models';
import { readRegularFile } from '../disk/regular-file.js';
import { trialLimits, tryApart } from '../isolation/trial.js';

/**
 * The tensors of a file, whose kind its name or its first bytes tell.
 * @param stateDict which of several networks in the file; throws `ANC_USAGE` for a kind of file that holds only one
 */
export async function readStateDictFile(
  path: string,
  source: ByteSource,
  stateDict: string | undefined,
): Promise<StateDict> {
  const kind = /\.json$/i.test(path) ? 'tfjs' : isKeras(source) ? 'keras' : 'other';
  if (kind === 'other') return readStateDict(source, stateDict);
  if (stateDict !== undefined) {
    throw new AncError('ANC_USAGE', '--state-dict: the file holds a single network.', {
      expected: 'a PyTorch checkpoint or safetensors',
      received: basename(path),
      hint: 'leave it out.',
    });
  }
  return kind === 'keras'
    ? readKerasSafely(path, source)
    : readTfjsModel(source.read(0, source.length), (file) => readRegularFile(join(dirname(path), file)));
}

/** The library that reads HDF5 follows a file's addresses wherever they lead, so it first does so in another process. */
async function readKerasSafely(path: string, source: ByteSource): Promise<StateDict> {
  const { size, mtimeMs } = await stat(path);
  await tryApart({ kind: 'keras', path }, `${size} ${mtimeMs}`, trialLimits('keras', source.length));
  return await readKeras(source);
}

/** Elements of a tensor whose numbers are shown. */
const SHOWN = 4;

/** What a person should know of tensors that lie beside the network, with the numbers of small ones. */
export function ignoredNotices(ignored: readonly string[], { tensors }: StateDict): string[] {
  if (ignored.length === 0) return [];
  const shown = ignored.slice(0, SHOWN).map((name) => {
    const tensor = tensors[name];
    if (tensor === undefined || sizeOf(tensor.shape) > SHOWN) return name;
    return `${name} (${[...tensor.load().data].map((value) => String(Number(value.toPrecision(4)))).join(', ')})`;
  });
  const prepares = ignored.some((name) => /normali[sz]|preprocess|(?:mean|std)$/i.test(name));
  return [
    `beside the network the file holds ${shown.join(', ')}${ignored.length > SHOWN ? ', …' : ''}: not used` +
      `${prepares ? '. The network may have normalized its images itself: set --preprocessing accordingly' : ''}.`,
  ];
}

import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AncError, sizeOf } from '@anc/core';
import { isKeras, readStateDict, type ByteSource, type StateDict } from '@anc/formats';
import { readKeras, readTfjsModel } from '@anc/models';

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
    ? readKeras(source)
    : readTfjsModel(source.read(0, source.length), (file) => readFile(join(dirname(path), file)));
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

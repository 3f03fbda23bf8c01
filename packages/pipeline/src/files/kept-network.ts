import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { inlineExternalData } from '@anc/backend-onnx';
import type { WeightsMetadata } from '@anc/formats';
import type { RunFolder } from '@anc/runtime';
import { readRegularFile } from '../disk/regular-file.js';
import { readNamedFile, sha256 } from './named-file.js';

/** The ONNX file that a student's network was made from, beside its weights. */
export const KEPT_NETWORK = 'network.onnx';

/**
 * Copies the ONNX file of a student's network into its folder, with weights of other files inside: the run can be evaluated and
 * exported without the original. Nothing is copied twice, and no file that has changed since the network was made.
 *
 * @param network name of the network, which holds the digest of the file
 */
export async function keepNetwork(
  folder: RunFolder,
  place: readonly string[],
  { model, modelOptions }: WeightsMetadata,
  network: string,
): Promise<void> {
  const file = modelOptions?.['file'];
  if (model !== 'onnx' || typeof file !== 'string') return;
  if ((await folder.readBytes(...place, KEPT_NETWORK)) !== null) return;
  const { path, bytes } = await readNamedFile(file, process.cwd());
  if (!network.includes(sha256(bytes))) return;
  const whole = await inlineExternalData(bytes, basename(file), (beside) =>
    readRegularFile(join(dirname(path), beside)),
  );
  await folder.write([...place, KEPT_NETWORK], whole);
}

/**
 * The copy that belongs to a run's file of weights, which may be those of an epoch in a folder of their own; null without one,
 * and outside of runs, where a file of that name may be anything.
 */
export async function keptNetwork(weights: string): Promise<string | null> {
  for (const folder of [dirname(weights), dirname(dirname(weights))]) {
    const file = join(folder, KEPT_NETWORK);
    if ((await isFile(file)) && (await isInRun(folder))) return file;
  }
  return null;
}

const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => null))?.isFile() === true;

/** What every run folder has. */
const OPTIONS = 'config.resolved.yaml';

/** Whether a folder is that of a run's `teacher`, or of one in its `student`. */
async function isInRun(folder: string): Promise<boolean> {
  const above = dirname(folder);
  return (await isFile(join(above, OPTIONS))) || (await isFile(join(dirname(above), OPTIONS)));
}

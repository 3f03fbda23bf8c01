import { join } from 'node:path';
import { corrupt } from '../files/data-error.js';
import { readTarGz } from '../files/tar-gz.js';
import { verifyFile } from '../files/verified-file.js';
import { parseMatStructs } from '../matlab/mat-structs.js';

export const DEVKIT = {
  name: 'ILSVRC2012_devkit_t12.tar.gz',
  md5: 'fa75699e90414af021442c21a62c3abf',
} as const;
const [META, TRUTH] = ['meta.mat', 'ILSVRC2012_validation_ground_truth.txt'];
const SYNSET = /^n\d{8}$/;

/** What the development kit tells: classes, and the class of each validation image. */
export interface Devkit {
  /** Class number of the kit (1, 2, …) -> synset and first name. */
  readonly classes: ReadonlyMap<number, readonly [synset: string, name: string]>;
  /** The kit's class number of validation image 1, 2, …. */
  readonly truth: readonly number[];
}

/** Reads the archive as it is downloaded. Throws `ANC_DATA_*`. */
export async function readDevkit(folder: string, md5: string | null = DEVKIT.md5): Promise<Devkit> {
  const path = join(folder, DEVKIT.name);
  await verifyFile(path, md5);
  const files = await readTarGz(path, new Map([[META, 1 << 22], [TRUTH, 1 << 20]])); // prettier-ignore
  return {
    classes: await parseMeta(`${path}: ${META}`, files.get(META)!),
    truth: parseTruth(`${path}: ${TRUTH}`, files.get(TRUTH)!),
  };
}

/** `synsets`: a structure array with ILSVRC2012_ID, WNID and words; numbers up to 1000 are the classes. */
export async function parseMeta(file: string, bytes: Uint8Array): Promise<Devkit['classes']> {
  const synsets = (await parseMatStructs(file, bytes, 1 << 24)).get('synsets');
  const classes = new Map<number, readonly [string, string]>();
  for (const { ILSVRC2012_ID: id, WNID: synset, words } of synsets ?? []) {
    if (typeof id !== 'number' || typeof synset !== 'string' || !SYNSET.test(synset)) continue;
    classes.set(id, [synset, (typeof words === 'string' ? words : '').split(',')[0]! || synset]);
  }
  if (classes.size > 0) return classes;
  throw corrupt(file, 'not the kit’s list of classes', 'a structure array "synsets"', 'none with WNID');
}

/** One class number per line. */
export function parseTruth(file: string, bytes: Uint8Array): number[] {
  const lines = Buffer.from(bytes).toString('latin1').trim().split(/\s+/);
  const numbers = lines.map((line) => (/^\d{1,4}$/.test(line) ? Number(line) : 0));
  const wrong = numbers.indexOf(0);
  if (wrong < 0) return numbers;
  throw corrupt(
    file,
    'not the kit’s list of answers',
    'a class number per line',
    `line ${wrong + 1}: ${lines[wrong]!.slice(0, 40)}`,
  );
}

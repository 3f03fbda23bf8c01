import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { DatasetSplit } from '@anc/core';
import { onDisk } from '@anc/runtime';
import { parsePreprocessing } from '../../classifier/preprocessing.js';
import type { Composition } from '../../composition/compose.js';
import type { Precision } from '../format.js';
import { logitsOfWritten, type WrittenModel } from '../reopen.js';
import { fixtureImages, fixtureOf, shownName, type Fixture } from './fixture.js';
import { javascriptUsage } from './javascript.js';
import { pythonUsage } from './python.js';
import type { USAGE_FILES } from './usage-folder.js';

export interface UsageRequest {
  readonly layout: 'nchw' | 'nhwc';
  readonly precision: Precision;
  /** Of the model. */
  readonly sha256: string;
  /** Test images; null where there are none. */
  readonly split: DatasetSplit | null;
}

/** Writes images with the logits of a written model, and programs that use it, into a new folder. */
export async function exportUsage(
  folder: string,
  written: WrittenModel,
  { layout, precision, sha256, split }: UsageRequest,
  composition: Composition,
): Promise<void> {
  const { target, format, source, shape } = written;
  const { input } = source.environment;
  const images = await fixtureImages(split, input);
  const described = {
    model: relative(folder, target).replaceAll(sep, '/'),
    format,
    sha256,
    input,
    layout: format === 'onnx' ? layout : 'nhwc',
    normalization: shape.foldNormalization
      ? null
      : (source.normalization ?? parsePreprocessing('unit', input[2])),
    classes: source.classNames ?? [],
  } as const;
  const logits = await logitsOfWritten(written, images, composition);
  await writeUsage(folder, fixtureOf(described, precision, images, logits));
}

/** Writes a fixture, programs that use the model, and what they are. */
async function writeUsage(folder: string, fixture: Fixture): Promise<void> {
  const files: Readonly<Partial<Record<(typeof USAGE_FILES)[number], string | null>>> = {
    'fixture.json': `${JSON.stringify(fixture, null, 1)}\n`,
    'usage.mjs': fixture.logits.shape.length === 2 ? javascriptUsage(fixture) : null,
    'usage.py': fixture.logits.shape.length === 2 ? pythonUsage(fixture) : null,
  };
  const written = Object.entries(files).flatMap(([name, text]) => (text === null ? [] : [{ name, text }]));
  await onDisk(folder, null, async () => {
    await mkdir(folder);
    for (const { name, text } of written) await writeFile(join(folder, name), text, { flush: true });
    await writeFile(
      join(folder, 'README.md'),
      readme(
        fixture,
        written.map(({ name }) => name),
      ),
      { flush: true },
    );
  });
}

function readme(
  { model, input, layout, normalization, classes, images, logits, tolerance }: Fixture,
  files: readonly string[],
): string {
  const pixels =
    normalization === null
      ? 'Bytes from 0 to 255: the normalization is part of the model.'
      : normalization === 'per-image'
        ? 'Each image is brought to mean 0 and standard deviation 1 over all of its values; the deviation is at least 1 / √(height · width · channels).'
        : '(value - mean) / std for values from 0 to 255, with `normalization` of `fixture.json`.';
  const programs = [
    ...(files.includes('usage.mjs') ? ['`node usage.mjs photo.jpg`'] : []),
    ...(files.includes('usage.py') ? ['`python usage.py photo.jpg`'] : []),
  ];
  return `# Using ${shownName({ model })}

- **Input:** images of ${input.join('×')} (height × width × channels), ${layout.toUpperCase()}, red before green before blue. ${pixels}
- **Pictures:** the shorter side is resized to the side divided by 0.875 (bilinear, antialiased), the center cropped.
- **Output:** logits [batch, ${logits.shape.slice(1).join(', ')}]${classes.length === 0 ? '' : ', in the order of `classes` in `fixture.json`'}.
${programs.length === 0 ? '' : `- **Programs:** ${programs.join(' or ')} prints the class; without a picture they check the model.\n`}
## fixture.json

${images.shape[0]} images with the logits that this file gave for them where it was exported. In another runtime the largest difference of a
logit should be below \`tolerance\` (${tolerance.toPrecision(3)}). \`images\` are bytes [${images.shape.join(', ')}], \`logits\` are
little-endian float32 [${logits.shape.join(', ')}], both row-major in base64:

    numpy.frombuffer(base64.b64decode(fixture["images"]["base64"]), "uint8").reshape(fixture["images"]["shape"])
    new Uint8Array(Buffer.from(fixture.images.base64, 'base64'))
`;
}

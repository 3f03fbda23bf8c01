import { basename } from 'node:path';
import { AncError, isAncError } from '@anc/core';
import { imagenetByteNormalizations } from '@anc/datasets/facts';
import { safetensorsPieces } from '@anc/formats';
import { mapNames, parametersAndFlops, withChannelsReversed, type MapChoice } from '@anc/models';
import { finite } from '../classifier/finite.js';
import {
  assertFree,
  counted,
  openNamedFile,
  readNamedFile,
  sha256Beside,
  writeNew,
} from '../classifier/file.js';
import { NORMALIZE_HELP, parseNormalize, usualNormalization } from '../classifier/normalize.js';
import { loadWeights, type LoadedWeights } from '../classifier/weights-file.js';
import { joined } from '../config/flags.js';
import { describeNamed, splitTopLevel } from '../config/named.js';
import { suggestion } from '../nearest.js';
import { asTensors } from '../run/weights.js';
import { shownPath } from '../terminal/shown-path.js';
import { formatCount } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { loadComposition } from './load-composition.js';
import { namedOf } from './named-option.js';
import { pluginsOf } from './plugins-option.js';
import { parseClasses, parseSizes } from './sizes.js';

interface ImportOptions {
  readonly out: string;
  readonly model?: string;
  readonly map?: string;
  readonly input?: string;
  readonly classes?: string;
  readonly normalize?: string;
  readonly plugins?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Of bytes, red first. The network takes blue first: its first kernel is turned. */
const CAFFE = `${imagenetByteNormalizations.caffe.mean.join()}/${imagenetByteNormalizations.caffe.std.join()}`;

/** `import <file>`: another program's weights as a safetensors file of ours. */
export const defineImport: DefineCommand = (command, session) => {
  command
    .argument(
      '<file>',
      'a PyTorch state dict (.pth, .pt, .th), safetensors, Keras (.keras, .h5), or a TensorFlow.js model.json',
    )
    .requiredOption('--out <file>', 'where to write the weights, e.g. weights.safetensors')
    .option('--model <name>', 'the network, where names and shapes do not tell, e.g. resnet20-v1')
    .option(
      '--map <map>',
      `which tensor is which: ${mapNames.join(', ')}, or a JSON file { "ours": "theirs" }`,
    )
    .option('--input <shape>', 'images that the network sees, HxWxC')
    .option('--classes <names>', 'names of the classes, in order, or their number', joined)
    .option('--normalize <how>', `${NORMALIZE_HELP}; or caffe: blue first, bytes less ImageNet's mean`)
    .option('--plugins <names>', 'packages or files that bring more', joined)
    .option('--config <file>', 'take `plugins` from a configuration file; default: anc.config.* here')
    .option('--json', 'print one JSON document')
    .action(async (file: string, options: ImportOptions) => {
      const { cwd } = session;
      const terminal = createTerminal(options.json === true, session);
      assertSafetensors(options.out);
      const target = await assertFree(options.out, cwd);
      const { path, source, close } = openNamedFile(file, cwd);
      try {
        const sourceHash = sha256Beside(path);
        const composition = await loadComposition(await pluginsOf(options, cwd), cwd);
        const classes = options.classes === undefined ? null : splitTopLevel(options.classes);
        const count =
          classes === null
            ? undefined
            : /^\d+$/.test(classes.join())
              ? parseClasses(classes.join(), '--classes')
              : classes.length;
        const loaded = await loadWeights(path, source, composition, {
          ...(options.model === undefined ? {} : { model: namedOf(options.model, '--model') }),
          ...(options.map === undefined ? {} : { map: await mapOf(options.map, cwd) }),
          ...(options.input === undefined
            ? {}
            : { input: parseSizes(options.input, '--input', 3) as [number, number, number] }),
          ...(count === undefined ? {} : { classes: count }),
        });
        assertAsTrained(loaded);
        const names =
          classes !== null && classes.length === loaded.environment.classes ? classes : loaded.classNames;
        const caffe = options.normalize?.trim().toLowerCase() === 'caffe';
        const said = caffe ? CAFFE : options.normalize;
        const normalization = normalizationOf(loaded, said, (text) => terminal.log.warn(text));
        const variables = caffe ? withChannelsReversed(loaded.variables) : loaded.variables;
        const pieces = safetensorsPieces(finite(asTensors(variables)), {
          model: loaded.model.name,
          modelOptions: JSON.stringify(loaded.model.options),
          input: JSON.stringify(loaded.environment.input),
          classes: JSON.stringify(names ?? loaded.environment.classes),
          ...(normalization === null ? {} : { normalization: JSON.stringify(normalization) }),
          ...(loaded.metadata.method === undefined ? {} : { method: loaded.metadata.method }),
          ...(loaded.metadata.methodOptions === undefined
            ? {}
            : { methodOptions: loaded.metadata.methodOptions }),
          source: basename(path),
          sourceSha256: await sourceHash,
        });
        let hash = '';
        await writeNew(
          target,
          counted(pieces, ({ sha256 }) => (hash = sha256)),
        );
        const { network, environment, map } = loaded;
        const { parameters, flops } = parametersAndFlops(network, environment.input);
        terminal.document({
          model: loaded.model,
          recognised: loaded.recognised,
          format: loaded.format,
          map,
          input: environment.input,
          classes: names ?? environment.classes,
          normalization,
          parameters,
          flops,
          out: shownPath(target, cwd),
          sha256: hash,
        });
        terminal.print(
          `${describeNamed(loaded.model)} for ${environment.input.join('×')} images of ${environment.classes} classes, ` +
            `${formatCount(parameters)} parameters${map === null ? '' : `, names by "${map}"`}: ${shownPath(target, cwd)}`,
        );
        if (loaded.others.length > 0) {
          const others = loaded.others.map((side) => `${side}×${side}`).join(', ');
          terminal.log.warn(
            `the weights fit images of ${others} as well, for which ${loaded.model.name} is another network: say which with --input.`,
          );
        }
        if (map === 'order' && options.map === undefined) {
          terminal.log.warn(
            'the names are unknown, so variables of one kind and shape were paired in their order: check with `anc-cli eval`.',
          );
        }
      } finally {
        close();
      }
    });
};

function normalizationOf(loaded: LoadedWeights, said: string | undefined, notice: (text: string) => void) {
  if (said !== undefined) return parseNormalize(said, loaded.environment.input[2]);
  if (loaded.normalization !== null) return loaded.normalization;
  const usual = usualNormalization(loaded);
  if (usual !== null) {
    notice(`${usual.why} It is written down.`);
    return usual.normalization;
  }
  notice(
    'nothing says how its images are normalised: say it with --normalize, here or where the weights are used.',
  );
  return null;
}

/** A network may depend on the images that it was made for: what a file says of them holds. */
function assertAsTrained({ metadata, environment: { input } }: LoadedWeights): void {
  if (metadata.input === undefined || metadata.input === JSON.stringify(input)) return;
  throw new AncError('ANC_USAGE', '--input: the file says which images its network was made for.', {
    expected: metadata.input,
    received: JSON.stringify(input),
    hint: 'leave it out.',
  });
}

/** What is written is safetensors, whatever is read. */
function assertSafetensors(out: string): void {
  if (out.endsWith('.safetensors')) return;
  throw new AncError('ANC_USAGE', '--out: the name says another format.', {
    expected: 'a name that ends in .safetensors',
    received: out,
    hint: 'for other formats export what was imported: anc-cli export weights.safetensors --format onnx.',
  });
}

async function mapOf(text: string, cwd: string): Promise<MapChoice> {
  if (!text.endsWith('.json')) return knownMap(text);
  const { bytes } = await readNamedFile(text, cwd);
  try {
    const map: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (
      typeof map === 'object' &&
      map !== null &&
      !Array.isArray(map) &&
      Object.values(map).every((name) => typeof name === 'string')
    ) {
      return map as Record<string, string>;
    }
  } catch (cause) {
    if (isAncError(cause)) throw cause;
  }
  throw new AncError('ANC_WEIGHTS', `--map: ${text} is not a map of names.`, {
    expected: 'JSON: { "conv1/weights": "features.0.weight", … }',
  });
}

function knownMap(name: string): string {
  if (mapNames.includes(name)) return name;
  const hint = suggestion(name, mapNames);
  throw new AncError('ANC_WEIGHTS', `--map: no map is called "${name}".`, {
    expected: `one of ${mapNames.join(', ')}, or a file that ends in .json`,
    received: name,
    ...(hint === null ? {} : { hint }),
  });
}

import { AncError, type LayerSummary } from '@anc/core';
import { z } from 'zod';
import type { Composition } from '../composition/compose.js';
import { kindNames, KINDS, type Kind } from '../composition/kinds.js';
import { joined } from '../config/flags.js';
import { parseNamed } from '../config/named.js';
import { suggestion } from '../nearest.js';
import { formatCount, formatTable } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { describeRecipe } from './describe-recipe.js';
import { loadComposition } from './load-composition.js';
import { pluginsOf } from './plugins-option.js';
import { parseSizes } from './sizes.js';

interface DescribeOptions {
  readonly input?: string;
  readonly classes: string;
  readonly plugins?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Not a kind of plugin: data of the methods. */
const RECIPE = 'recipe';

/** `describe <kind> <name>`: a network layer by layer, or any other thing's options. */
export const defineDescribe: DefineCommand = (command, session) => {
  command
    .argument('<kind>', `${Object.values(KINDS).map(asWord).join(', ')}, ${RECIPE}`)
    .argument('[name]', 'its name, with options if need be: "mlp(units=[64,64])"; no name: every recipe')
    .option('--input <shape>', 'what a network sees, HxWxC; for a discriminator the number of features')
    .option('--classes <n>', 'number of classes', '10')
    .option('--plugins <names>', 'packages or files that bring more', joined)
    .option('--config <file>', 'take `plugins` from a configuration file; default: anc.config.* here')
    .option('--json', 'print one JSON document')
    .action(async (kindWord: string, name: string | undefined, options: DescribeOptions) => {
      const terminal = createTerminal(options.json === true, session);
      if (kindWord === RECIPE) {
        const { document, text } = describeRecipe(name);
        terminal.document(document);
        terminal.print(text);
        return;
      }
      const kind = kindOf(kindWord);
      if (name === undefined) {
        throw new AncError('ANC_USAGE', `which ${kindWord}? None was named.`, {
          hint: '`anc-cli list` shows what there is.',
        });
      }
      const composition = await loadComposition(await pluginsOf(options, session.cwd), session.cwd);
      const description =
        kind === 'models' || kind === 'discriminators'
          ? await describeNetwork(composition, kind, name, options)
          : describeOptions(composition, kind, name);
      terminal.document(description.document);
      terminal.print(description.text);
    });
};

const asWord = (text: string): string => text.replace(' ', '-');

function kindOf(word: string): Kind {
  const kind = kindNames.find((kind) => [kind, asWord(KINDS[kind])].includes(word));
  if (kind !== undefined) return kind;
  const words = [...Object.values(KINDS).map(asWord), RECIPE];
  const hint = suggestion(word, words);
  throw new AncError('ANC_UNKNOWN', `there is nothing of the kind "${word}" to describe.`, {
    expected: `one of ${words.join(', ')}`,
    ...(hint === null ? {} : { hint }),
  });
}

interface Description {
  readonly document: unknown;
  readonly text: string;
}

async function describeNetwork(
  { registries }: Composition,
  kind: 'models' | 'discriminators',
  text: string,
  options: DescribeOptions,
): Promise<Description> {
  const named = parseNamed(text) ?? { name: text, options: {} };
  const classes = parseSizes(options.classes, '--classes', 1)[0]!;
  const input =
    kind === 'models'
      ? parseSizes(options.input ?? '28x28x1', '--input', 3)
      : parseSizes(options.input ?? '64', '--input', 1);
  const network =
    kind === 'models'
      ? await registries.models.create(named, { input: input as [number, number, number], classes })
      : await registries.discriminators.create(named, undefined);
  const layers = network.summary(input);
  const sum = (pick: (layer: LayerSummary) => number): number =>
    layers.reduce((total, layer) => total + pick(layer), 0);
  const [parameters, flops] = [sum((layer) => layer.parameters), sum((layer) => layer.flops)];
  const rows = layers.map((layer) => [
    layer.name,
    layer.output.join('×'),
    formatCount(layer.parameters),
    formatCount(layer.flops),
  ]);
  const document = {
    name: named.name,
    input,
    ...(kind === 'models' ? { classes } : {}),
    parameters,
    flops,
    layers: layers.map(({ name, output, parameters, flops }) => ({ name, output, parameters, flops })),
  };
  const table = formatTable(
    ['layer', 'output', 'parameters', 'FLOPs'],
    [...rows, ['total', '', formatCount(parameters), formatCount(flops)]],
  );
  return {
    document,
    text: `${named.name} for ${input.join('×')}\n${table}\nFLOPs: 2 × multiply-adds + bias additions, one image.`,
  };
}

function describeOptions({ registries }: Composition, kind: Kind, name: string): Description {
  const { contribution, package: from } = registries[kind].get(name);
  const schema = contribution.options instanceof z.ZodType ? optionsOf(contribution.options) : null;
  const properties = Object.entries((schema?.properties ?? {}) as Record<string, Record<string, unknown>>);
  const rows = properties.map(([option, { description, default: fallback }]) => [
    option,
    fallback === undefined ? '' : JSON.stringify(fallback),
    typeof description === 'string' ? description : '',
  ]);
  return {
    document: {
      kind: KINDS[kind],
      name,
      package: from,
      summary: contribution.summary ?? null,
      options: schema,
    },
    text: [
      `${KINDS[kind]} ${name} (${from})${contribution.summary === undefined ? '' : `: ${contribution.summary}`}`,
      rows.length === 0 ? 'It has no options.' : formatTable(['option', 'default', 'what'], rows, 'left'),
    ].join('\n'),
  };
}

const optionsOf = (schema: z.ZodType): { properties?: unknown } =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

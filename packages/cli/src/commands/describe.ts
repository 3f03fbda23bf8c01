import { AncError } from '@anc/core';
import { kindNames, KINDS, type Kind } from '../composition/kinds.js';
import { joined } from '../config/flags.js';
import { suggestion } from '../nearest.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { describeDiscriminator, describeModel, type NetworkSizes } from './describe-network.js';
import { describeOptions } from './describe-options.js';
import { describeRecipe } from './describe-recipe.js';
import { loadComposition } from './load-composition.js';
import { namedOf } from './named-option.js';
import { pluginsOf } from './plugins-option.js';

interface DescribeOptions extends NetworkSizes {
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
    .option(
      '--input <shape>',
      "what a model sees, HxWxC (default: its own images'); a discriminator: features, or HxWxC of a tap (64)",
    )
    .option('--classes <n>', "number of classes (default: the model's own, or 10)")
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
      const named = namedOf(name, `describe ${kindWord}`);
      const description =
        kind === 'models'
          ? await describeModel(composition, named, options)
          : kind === 'discriminators'
            ? await describeDiscriminator(composition, named, options)
            : describeOptions(composition, kind, named.name);
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

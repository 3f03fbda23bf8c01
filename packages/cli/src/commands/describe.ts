import { AncError } from '@anc/core';
import { KINDS } from '@anc/pipeline/plugins';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import { compositionOf } from './composition-of.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand } from './command.js';
import { describeDiscriminator, describeModel, type NetworkSizes } from './describe-network.js';
import { describeOptions } from './describe-options.js';
import { describePreset } from './describe-preset.js';
import { asWord, kindOf } from './kind-word.js';
import { namedOf } from './named-option.js';

interface DescribeOptions extends NetworkSizes, CommonOptions {}

/** Not a kind of plugin: data of the methods. */
const PRESET = 'preset';
/** Its former name. */
const OLD_PRESET = 'recipe';

/** `describe <kind> <name>`: a network layer by layer, or any other thing's options. */
export const defineDescribe: DefineCommand = (command, session) => {
  command
    .argument('<kind>', `${Object.values(KINDS).map(asWord).join(', ')}, ${PRESET}`)
    .argument('[name]', 'its name, with options if need be: "mlp(units=[64,64])"; no name: every preset')
    .option(
      '--input <shape>',
      "input of a model: HxWxC (default: its own images'); of a discriminator: number of features, or HxWxC of an intermediate output (default: 64)",
    )
    .option('--classes <n>', "number of classes (default: the model's own, or 10)");
  addCommonOptions(command).action(
    async (kindWord: string, name: string | undefined, options: DescribeOptions) => {
      const terminal = createTerminal(options.json === true, session);
      if (kindWord === PRESET || kindWord === OLD_PRESET) {
        if (kindWord === OLD_PRESET)
          terminal.log.warn('"describe recipe" is deprecated: use "describe preset".');
        const { document, text } = describePreset(name);
        terminal.document(document);
        terminal.print(text);
        return;
      }
      const kind = kindOf(kindWord, 'describe', [PRESET]);
      if (name === undefined) {
        throw new AncError('ANC_USAGE', `no ${kindWord} was named.`, {
          hint: 'see them with `anc-cli list`.',
        });
      }
      const composition = await compositionOf(options, session.cwd);
      const named = namedOf(name, `describe ${kindWord}`);
      const description =
        kind === 'models'
          ? await describeModel(composition, named, options)
          : kind === 'discriminators'
            ? await describeDiscriminator(composition, named, options)
            : describeOptions(composition, kind, named.name);
      terminal.document(description.document);
      terminal.print(description.text);
    },
  );
};

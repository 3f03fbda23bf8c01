import { describeNamed, formatCount, splitTopLevel } from '@anc/pipeline/options';
import { joined } from '../config/flags.js';
import { createTerminal } from '../terminal/terminal.js';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import type { DefineCommand, Session } from './command.js';
import { addPreprocessingAlias, PREPROCESSING, preprocessingOf, warnOfAliases } from './model-flags.js';

interface ImportFlags extends CommonOptions {
  readonly out: string;
  readonly model?: string;
  readonly map?: string;
  readonly stateDict?: string;
  readonly input?: string;
  readonly classes?: string;
  readonly preprocessing?: string;
  readonly normalize?: string;
}

/** `import <file>`: another program's weights as a safetensors file. */
export const defineImport: DefineCommand = (command, session) => {
  command
    .argument(
      '<file>',
      'a PyTorch state dict (.pth, .pt, .th), safetensors, Keras (.keras, .h5), or a TensorFlow.js model.json',
    )
    .requiredOption('--out <file>', 'file to write, e.g. weights.safetensors')
    .option('--model <name>', 'the network, where names and shapes do not tell, e.g. resnet20-v1')
    .option(
      '--map <map>',
      'how tensors are paired with those of the network: the name of a known map, order, or a JSON file { "ours": "theirs" }',
    )
    .option(
      '--state-dict <name>',
      'which network, where a checkpoint holds several: the name of a dictionary or prefix in it, e.g. model_ema',
    )
    .option('--input <shape>', 'images that the network takes, HxWxC')
    .option('--classes <names>', 'names of the classes, in order, or their number', joined)
    .option('--preprocessing <how>', `${PREPROCESSING}; or caffe: blue first, bytes minus ImageNet's mean`);
  addCommonOptions(addPreprocessingAlias(command)).action((file: string, options: ImportFlags) =>
    importWeights(file, options, session),
  );
};

async function importWeights(file: string, flags: ImportFlags, session: Session): Promise<void> {
  const [pipeline, { namedOf }, { parseClasses, parseSizes }, { pluginsOf }] = await Promise.all([
    import('@anc/pipeline'),
    import('./named-option.js'),
    import('./sizes.js'),
    import('../config/read-request.js'),
  ]);
  const { cwd } = session;
  const terminal = createTerminal(flags.json === true, session);
  warnOfAliases(flags, terminal);
  const classes = flags.classes === undefined ? undefined : splitTopLevel(flags.classes);
  const preprocessing = preprocessingOf(flags);
  const { onNotice, notices } = collected();
  const result = await pipeline.importWeights(file, {
    to: flags.out,
    cwd,
    ...(await pluginsOf(flags, cwd)),
    ...(flags.model === undefined ? {} : { model: namedOf(flags.model, '--model') }),
    ...(flags.map === undefined ? {} : { map: flags.map }),
    ...(flags.stateDict === undefined ? {} : { stateDict: flags.stateDict }),
    ...(flags.input === undefined
      ? {}
      : { input: parseSizes(flags.input, '--input', 3) as [number, number, number] }),
    ...(classes === undefined
      ? {}
      : { classes: /^\d+$/.test(classes.join()) ? parseClasses(classes.join(), '--classes') : classes }),
    ...(preprocessing === undefined ? {} : { preprocessing }),
    onNotice,
  });
  terminal.document(result);
  const { model, input, parameters, map, out } = result;
  const count = typeof result.classes === 'number' ? result.classes : result.classes.length;
  terminal.print(
    `${describeNamed(model)} for ${input.join('×')} images of ${count} classes, ` +
      `${formatCount(parameters)} parameters${map === null ? '' : `, names by "${map}"`}: ${out}`,
  );
  for (const message of notices) terminal.log.warn(message);
}

/** Notices are shown after the result. */
function collected() {
  const notices: string[] = [];
  return { notices, onNotice: (message: string): void => void notices.push(message) };
}

import { optionTable, type OptionEntry } from '@anc/pipeline/options';

/** The formats in which `init` writes a configuration file. */
export const CONFIG_FORMATS = ['yaml', 'ts'] as const;
export type ConfigFormat = (typeof CONFIG_FORMATS)[number];

/** Characters of a line of help. */
const WIDTH = 110;

/** Where an editor finds the schema, seen from a project that has installed `anc-cli`. */
const SCHEMA = './node_modules/anc-cli/schema/anc.config.schema.json';

/** Values that show how an option is written; others are shown by what stands for them in help. */
const EXAMPLES: Readonly<Record<string, string>> = {
  maxParameters: '"100k"',
  maxFlops: '"5M"',
  maxBytes: '"300k"',
  time: '"30m"',
  dataset: '"glyphs"',
  teacher: '"model.onnx"',
  student: '"lenet5"',
  methods: '["l2", "kd", "adversarial"]',
  plugins: '["anc-plugin-patch"]',
  discriminator: '"mlp(units=[64,64])"',
  augment: '["crop(4)", "flip"]',
  hook: '["early-stopping(patience=5)"]',
  seed: '1',
  epochs: '10',
};

/** An example of an option's value, as JSON: one that the option accepts. */
export function exampleOf({ key, kind, value, schema }: OptionEntry): string {
  if (EXAMPLES[key] !== undefined) return EXAMPLES[key];
  switch (kind) {
    case 'boolean':
      return 'true';
    case 'number':
      return String([1, 0.1, 2].find((number) => schema.safeParse(number).success) ?? 0);
    case 'numbers':
      return '[1, 2]';
    case 'namedList':
    case 'texts':
      return '["name"]';
    default:
      return JSON.stringify(value.split('|')[0]);
  }
}

/** A text as comment lines of at most WIDTH characters. */
function comment(text: string, mark: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last.length + word.length < WIDTH) lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `${mark} ${line}`);
}

/** The options under their headings, each with its help; all but the preset are comments. */
function body(mark: string, option: (key: string, example: string, isActive: boolean) => string): string[] {
  return optionTable.flatMap((entry, i) => {
    const isFirst = optionTable[i - 1]?.title !== entry.title;
    const choices = entry.value.includes('|') ? ` (${entry.value.replaceAll('|', ', ')})` : '';
    return [
      ...(isFirst ? ['', `${mark} ${entry.title}`] : []),
      '',
      ...comment(`${entry.help}${choices}`, mark),
      option(entry.key, exampleOf(entry), entry.key === 'preset'),
    ];
  });
}

/** A configuration file with every option and its help, all but the preset as comments. */
export function configTemplate(format: ConfigFormat): string {
  const intro =
    'Options of anc-cli, without their flags. Flags take precedence; the preset gives what is not set.';
  if (format === 'yaml') {
    return [
      `# yaml-language-server: $schema=${SCHEMA}`,
      ...comment(intro, '#'),
      ...body('#', (key, example, isActive) => `${isActive ? '' : '# '}${key}: ${example}`),
      '',
    ].join('\n');
  }
  return [
    "import { defineConfig } from 'anc-cli';",
    '',
    ...comment(intro, '//'),
    'export default defineConfig({',
    ...body('//', (key, example, isActive) => `${isActive ? '' : '// '}${key}: ${example},`).map((line) =>
      line === '' ? '' : `  ${line}`,
    ),
    '});',
    '',
  ].join('\n');
}

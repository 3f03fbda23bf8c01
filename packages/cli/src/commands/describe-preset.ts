import { AncError, optimizerConfigSchema } from '@anc/core';
import { adversarialSchema, presetFor, presetFamilies, type PresetName } from '@anc/methods';
import { stringify } from 'yaml';
import { suggestion } from '@anc/pipeline/options';

const names = Object.keys(presetFamilies) as readonly PresetName[];

/**
 * A preset in full, or all of them: every option that it sets, every default that it leaves, and where
 * datasets differ. Throws `ANC_UNKNOWN`.
 */
export function describePreset(name: string | undefined): { document: unknown; text: string } {
  if (name !== undefined && !names.includes(name as PresetName)) {
    const hint = suggestion(name, names);
    throw new AncError('ANC_UNKNOWN', `no preset named "${name}".`, {
      expected: `one of ${names.join(', ')}`,
      ...(hint === null ? {} : { hint }),
    });
  }
  const wanted = name === undefined ? names : [name as PresetName];
  const full = wanted.map((preset) => ({ name: preset, ...fullPreset(preset) }));
  return {
    document: withFormerNames(name === undefined ? full : full[0]),
    text: full.map(textOf).join('\n'),
  };
}

function fullPreset(name: PresetName) {
  const whole = complete(name, '');
  const { summary, ...base } = whole;
  const datasets = Object.fromEntries(
    Object.keys(presetFamilies[name].datasets).map((dataset) => [
      dataset,
      changes(base, complete(name, dataset)),
    ]),
  );
  return { summary, ...base, datasets };
}

/** The preset with everything that it leaves to defaults. */
function complete(name: PresetName, dataset: string) {
  const { optimizer, objective, ...rest } = presetFor(name, dataset);
  const { optimizer: own, ...parts } = adversarialSchema.parse({ optimizer, ...objective });
  return { ...rest, optimizer: optimizerConfigSchema.parse(own), objective: parts };
}

/** What of `after` differs from `before`, deep. */
function changes(before: object, after: object): Record<string, unknown> {
  const known = before as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(after).flatMap(([key, value]): [string, unknown][] => {
      if (!(key in known) || JSON.stringify(known[key]) === JSON.stringify(value)) return [];
      return [[key, isRecord(value) && isRecord(known[key]) ? changes(known[key], value) : value]];
    }),
  );
}

/** The document with the fields' former names beside the current ones. */
function withFormerNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withFormerNames);
  if (!isRecord(value)) return value;
  const former: Readonly<Record<string, string>> = {
    optimizer: 'recipe',
    discriminatorOptimizer: 'discriminatorRecipe',
  };
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const name = isRecord(inner) ? former[key] : undefined;
      const current = withFormerNames(inner);
      return name === undefined
        ? [[key, current]]
        : [
            [key, current],
            [name, current],
          ];
    }),
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function textOf({
  name,
  summary,
  datasets,
  ...base
}: { name: string } & ReturnType<typeof fullPreset>): string {
  const differing =
    Object.keys(datasets).length === 0 ? '' : `# Where datasets differ\n${stringify(datasets)}`;
  return `# ${name}: ${summary}\n# A run uses it with --preset ${name}; flags replace its options.\n${stringify(base)}${differing}`;
}

import { optionTable } from '@anc/pipeline/options';
import { kindNames, KINDS, loadComposition, type Kind } from '@anc/pipeline/plugins';
import type { Command } from 'commander';

/** An option of a command and the words that may follow it; null where it takes no value. */
export interface CompletedOption {
  readonly flag: string;
  readonly help: string;
  readonly values: readonly string[] | 'file' | null;
}

/** A command, such as `run` or `data get`, with its options and the words that may follow it. */
export interface CompletedCommand {
  readonly name: string;
  readonly help: string;
  readonly options: readonly CompletedOption[];
  readonly words: readonly string[];
}

/** Options whose value is the name of something registered. */
const KIND_OF: Readonly<Record<string, Kind>> = {
  dataset: 'datasets',
  student: 'models',
  teacher: 'models',
  method: 'methods',
  methods: 'methods',
  discriminator: 'discriminators',
  regularizer: 'regularizers',
  dataTerm: 'dataTerms',
  adversarialLoss: 'adversarialLosses',
  balancer: 'balancers',
  augment: 'augmentations',
  optimizer: 'optimizers',
  teacherOptimizer: 'optimizers',
  discriminatorOptimizer: 'optimizers',
  schedule: 'schedules',
  hook: 'hooks',
  backend: 'backends',
  teacherBackend: 'backends',
  studentBackend: 'backends',
};

const CHOICES: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  optionTable.filter(({ value }) => value.includes('|')).map(({ key, value }) => [key, value.split('|')]),
);

/** Commands whose arguments are names of one kind. */
const ARGUMENTS: Readonly<Record<string, Kind>> = {
  'data get': 'datasets',
  'data info': 'datasets',
  doctor: 'backends',
};

/** What shells complete: the commands of a program, their options, and the names of what our packages register. */
export async function completionData(program: Command, cwd: string): Promise<readonly CompletedCommand[]> {
  const { registries } = await loadComposition([], cwd);
  const namesOf = (kind: Kind): readonly string[] => registries[kind].names;
  const all = (command: Command, path: string): CompletedCommand[] => {
    const own = command.commands.map((sub) => sub.name());
    const kind = ARGUMENTS[path];
    const kinds = ['describe', 'init plugin'].includes(path)
      ? kindNames.map((name) => KINDS[name].replace(' ', '-'))
      : [];
    const shells = path === 'completion' ? ['bash', 'zsh', 'fish'] : [];
    const options = command.options
      .filter(({ hidden }) => !hidden)
      .flatMap((option): CompletedOption[] => {
        const key = option.attributeName();
        const isSwitch = !option.required && !option.optional;
        const named = KIND_OF[key];
        const values = isSwitch ? null : (CHOICES[key] ?? (named === undefined ? 'file' : namesOf(named)));
        return [option.short, option.long]
          .filter((flag) => flag?.startsWith('--') === true)
          .map((flag) => ({ flag: flag!, help: option.description, values }));
      });
    const one: CompletedCommand = {
      name: path,
      help: command.description(),
      options: [...options, { flag: '--help', help: 'print help', values: null }],
      words: [...own, ...kinds, ...shells, ...(kind === undefined ? [] : namesOf(kind))],
    };
    return [
      one,
      ...command.commands.flatMap((sub) => all(sub, path === '' ? sub.name() : `${path} ${sub.name()}`)),
    ];
  };
  return all(program, '');
}

import { optionTable } from '@anc/pipeline/options';
import { kindNames, KINDS, loadComposition, type Kind } from '@anc/pipeline/plugins';
import type { Command } from 'commander';
import { SHELLS, type CompletedCommand, type CompletedOption } from '../terminal/completion-script.js';
import { asWord } from './kind-word.js';

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
      ? kindNames.map((name) => asWord(KINDS[name]))
      : [];
    const shells = path === 'completion' ? SHELLS : [];
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

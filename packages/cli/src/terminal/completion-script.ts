/** The shells for which there are completions. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** An option of a command and the words that may follow it; null where it takes no value. */
export interface CompletedOption {
  readonly flag: string;
  readonly help: string;
  readonly values: readonly string[] | 'file' | null;
}

/** A command by its path, such as `run` or `data get`, `''` for the program itself; the words that may follow it. */
export interface CompletedCommand {
  readonly name: string;
  readonly help: string;
  readonly options: readonly CompletedOption[];
  readonly words: readonly string[];
}

/** A text as one word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const words = (list: readonly string[]): string => quoted(list.join(' '));
/** In fish, a quote and a backslash are escaped inside of quotes. */
const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const brief = (help: string): string => (help.length <= 80 ? help : `${help.slice(0, 79)}…`);

/** Shell code that finds the command before the cursor: `data get`, `run`, or nothing. */
function commandFinder(commands: readonly CompletedCommand[]): string {
  const named = commands.filter(({ name }) => name !== '').map(({ name }) => quoted(name));
  return [
    "  local found='' word", // not path, which zsh ties to PATH
    '  for word in "$@"; do',
    '    case "${found:+$found }$word" in',
    `      ${named.join('|')}) found="\${found:+$found }$word" ;;`,
    '    esac',
    '  done',
  ].join('\n');
}

/** Cases of the options that take a value: the words that may follow. */
const valueCases = (commands: readonly CompletedCommand[]): string[] =>
  commands.flatMap(({ name, options }) =>
    options.flatMap(({ flag, values }) =>
      values === null
        ? []
        : [
            `    ${quoted(`${name}:${flag}`)}) ${values === 'file' ? 'files=1' : `choices=${words(values)}`} ;;`,
          ],
    ),
  );

const commandCases = (commands: readonly CompletedCommand[]): string[] =>
  commands.map(
    ({ name, options, words: own }) =>
      `    ${quoted(name)}) choices=${words(own)}; flags=${words(options.map(({ flag }) => flag))} ;;`,
  );

/** What may follow the command `$found` and the word `$previous`, as bash and zsh find it. */
const cases = (commands: readonly CompletedCommand[]): string =>
  [
    '  case "$found:$previous" in',
    ...valueCases(commands),
    '    *) case "$found" in',
    ...commandCases(commands),
    '    esac ;;',
    '  esac',
  ].join('\n');

const bash = (commands: readonly CompletedCommand[]): string => `# bash completion of anc-cli
_anc_cli_path() {
${commandFinder(commands)}
  printf '%s' "$found"
}
_anc_cli() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" choices='' flags='' files=''
  local found="$(_anc_cli_path "\${COMP_WORDS[@]:1:COMP_CWORD-1}")"
  COMPREPLY=()
${cases(commands)}
  if [[ -n $files ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
    [[ -z $choices ]] && COMPREPLY=($(compgen -f -- "$current"))
  fi
  return 0
}
complete -o filenames -F _anc_cli anc-cli
`;

const zsh = (commands: readonly CompletedCommand[]): string => `#compdef anc-cli
# zsh completion of anc-cli
_anc_cli() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}" choices='' flags='' files=''
  set -- "\${(@)words[2,CURRENT-1]}"
${commandFinder(commands)}
${cases(commands)}
  if [[ -n $files ]]; then
    _files
  elif [[ $current == -* ]]; then
    compadd -- \${=flags}
  elif [[ -n $choices ]]; then
    compadd -- \${=choices}
  else
    _files
  fi
}
compdef _anc_cli anc-cli
`;

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, options, words: own }) => {
    const condition = `-n ${fishQuoted(`__anc_cli_at ${fishQuoted(name)}`)}`;
    const helpOf = new Map(commands.map((command) => [command.name, command.help]));
    return [
      ...own.map((word) => {
        const help = helpOf.get(name === '' ? word : `${name} ${word}`) ?? '';
        return `complete -c anc-cli -f ${condition} -a ${fishQuoted(word)} -d ${fishQuoted(brief(help))}`;
      }),
      ...options.map(({ flag, help, values }) => {
        const value =
          values === null ? '' : values === 'file' ? ' -r' : ` -x -a ${fishQuoted(values.join(' '))}`;
        return `complete -c anc-cli ${condition} -l ${flag.slice(2)}${value} -d ${fishQuoted(brief(help))}`;
      }),
    ];
  });
  const named = commands.filter(({ name }) => name !== '').map(({ name }) => fishQuoted(name));
  return `# fish completion of anc-cli
function __anc_cli_at --description 'whether the command before the cursor is this one'
  set -l found ''
  set -l before (commandline -opc)
  for word in $before[2..-1]
    set -l longer (string trim "$found $word")
    contains -- $longer ${named.join(' ')}; and set found $longer
  end
  test "$found" = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** The completion script of a shell. */
export const completionScript = (shell: Shell, commands: readonly CompletedCommand[]): string =>
  ({ bash, zsh, fish })[shell](commands);

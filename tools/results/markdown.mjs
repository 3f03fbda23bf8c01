/** Pieces of the page. */

export const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

export const bullets = (lines) => lines.map((line) => `- ${minus(line)}`).join('\n');

/** A true minus sign before numbers. */
export const minus = (text) => text.replace(/(^|[\s(])-(?=\d)/g, '$1−');

/** `8.31`, in per cent. */
export const percent = (share) => (share === null || share === undefined ? '–' : (100 * share).toFixed(2));

/** `8.31 ± 0.12`, in per cent. */
export const interval = (found) => {
  if (found === null || found === undefined) return '–';
  const mean = percent(found.mean);
  return found.margin === null ? mean : `${mean} ± ${percent(found.margin)}`;
};

/** `+0.12 ± 0.40`, in points. */
export const points = ({ mean, margin }) =>
  minus(`${mean >= 0 ? '+' : ''}${percent(mean)}${margin === null ? '' : ` ± ${percent(margin)}`}`);

/** `adversarial`, `none` of `adversarial(regularizer="none")`. */
export const methodName = (method) => {
  const [, name, options] = /^([^(]+)(?:\((.*)\))?$/s.exec(method);
  if (options === undefined) return `\`${name}\``;
  const [, only] = /^\w+="([^"]+)"$/.exec(options) ?? [];
  return only === undefined ? `\`${name}(${options.replaceAll('"', '')})\`` : `${name}, \`${only}\``;
};

/** 1,200 as people read it. */
export const count = (n) => n.toLocaleString('en-US');

export const minutes = (seconds) =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60).toLocaleString('en-US')} min`;

/** What computed, in one sentence. */
export function machine({ cpu, node, threads, commit, laterCommits = [], dirty }) {
  const short = (commit) => commit?.slice(0, 7) ?? 'an unknown one';
  const added = laterCommits.length === 0 ? '' : ` (later seeds at ${laterCommits.map(short).join(', ')})`;
  const at = commit === null ? '' : `, at commit ${short(commit)}${added}${dirty ? ' with changes' : ''}`;
  return `Measured on ${threads ?? cpu.cores} of ${cpu.cores} threads of a shared machine (${cpu.model}), Node ${node.replace('v', '')}${at}; at other commits last digits may differ.`;
}

/** A command line as a block; the program's own are checked by a test of the documents. */
export const shell = (command) => ['```sh', command, '```\n'].join('\n');

/** An experiment: its title, the command that ran all of it, what is to be said of it, and its parts. */
export const section = ({ title, command, notes = [], parts }, partOf) =>
  [
    `## ${title}\n`,
    ...(command === undefined ? [] : [shell(command)]),
    ...(notes.length > 0 ? [bullets(notes), ''] : []),
    ...parts.map(partOf),
  ].join('\n');

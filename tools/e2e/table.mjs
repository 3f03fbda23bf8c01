/** A row of the table of installations. */
export const rowOf = ({ name, node, size, seconds, firstEpoch }) => [
  name,
  node.replace('v', ''),
  `${(size / 1e6).toFixed(0)} MB`,
  `${seconds.toFixed(0)} s`,
  `${firstEpoch.toFixed(1)} s`,
];

/** A table in Markdown, padded as Prettier does. */
export function tableOf(rows) {
  const head = ['package manager', 'Node', 'on disk', 'install', 'first epoch'];
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n`;
}

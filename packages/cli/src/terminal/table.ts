import Table from 'cli-table3';
import { escapeControls } from './safe-stream.js';

/** Names from files must not add rows. */
const oneLine = (text: string): string => escapeControls(text).replaceAll('\n', '\\u000a');

/** Rows under headings; all columns but the first to the right by default. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right' = 'right',
): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, i) => (i === 0 ? 'left' : align)),
    style: { head: process.stdout.isTTY ? ['bold'] : [], border: process.stdout.isTTY ? ['gray'] : [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  table.push(...rows.map((row) => row.map(oneLine)));
  return table.toString();
}

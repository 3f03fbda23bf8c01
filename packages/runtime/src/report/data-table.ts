import { html, Markup } from './markup.js';

/** A cell's text, or markup; `word`: aligned to the left. */
export interface Cell {
  readonly content: Markup | string | number;
  readonly word?: boolean;
  /** Columns that it takes. */
  readonly span?: number;
}

/**
 * A table whose rows become cards on narrow screens, where every cell says which column it is of.
 *
 * @param rows the first cell of each is its heading.
 */
export function dataTable(
  head: readonly (string | { readonly text: string; readonly word: true })[],
  rows: readonly (readonly (Cell | string)[])[],
): Markup {
  const named = head.map((column) => (typeof column === 'string' ? { text: column, word: false } : column));
  const labelAt = (row: readonly (Cell | string)[], at: number): string => {
    const before = row.slice(0, at).reduce((sum, cell) => sum + (asCell(cell).span ?? 1), 0);
    return (asCell(row[at]!).span ?? 1) > 1 ? '' : (named[before]?.text ?? '');
  };
  const heading = ({ text, word }: { readonly text: string; readonly word: boolean }): Markup =>
    element('th', { scope: 'col', ...(word ? { class: 'word' } : {}) }, text);
  const cellOf = (row: readonly (Cell | string)[], at: number): Markup => {
    const { content, word = false, span } = asCell(row[at]!);
    if (at === 0) return element('th', { scope: 'row' }, content);
    const label = labelAt(row, at);
    const attributes = {
      ...(word ? { class: 'word' } : {}),
      ...(span === undefined ? {} : { colspan: String(span) }),
      ...(label === '' ? {} : { 'data-label': label }),
    };
    return element('td', attributes, content);
  };
  return html`<div class="scroll">
    <table class="data">
      <thead>
        <tr>
          ${named.map(heading)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((_, i) => cellOf(row, i))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const asCell = (cell: Cell | string): Cell => (typeof cell === 'string' ? { content: cell } : cell);

function element(
  tag: 'th' | 'td',
  attributes: Readonly<Record<string, string>>,
  content: Cell['content'],
): Markup {
  const written = Object.entries(attributes).map(([name, value]) => html`${` ${name}=`}"${value}"`);
  const [open, close] = [new Markup(`<${tag}`), new Markup(`</${tag}>`)];
  return html`${open}${written}${new Markup('>')}${content}${close}`;
}

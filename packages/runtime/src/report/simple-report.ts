import { dataTable } from './data-table.js';
import { html, Markup } from './markup.js';
import { paretoPlot, type ParetoPoint } from './pareto.js';
import { pageOf } from './shell.js';

/** A page of tables and sentences. */
export interface SimpleReport {
  /** Heading of the page. */
  readonly title: string;
  /** One line under the title. */
  readonly lead: string;
  /** The page's sections, in order. */
  readonly sections: readonly ReportSection[];
  /** Models in a plot of cost and agreement, the teacher first; absent: no plot. */
  readonly plot?: readonly ParetoPoint[];
}

/** A section of a page: a heading, a drawing, a table, lines. */
export interface ReportSection {
  /** Heading of the section. */
  readonly title: string;
  /** A drawing, as SVG text that is put on the page as it is, and what it shows. */
  readonly figure?: { readonly caption: string; readonly svg: string };
  /** A table: the heads of its columns, and its rows. */
  readonly table?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
  /** Sentences below the table. */
  readonly lines: readonly (string | ReportLink)[];
}

/** A sentence that begins with a link to a page in the same folder or below it. */
export interface ReportLink {
  /** What is linked. */
  readonly text: string;
  /** Relative path with `/`. */
  readonly href: string;
  /** What follows the link. */
  readonly after?: string;
}

/**
 * The report as one self-contained HTML document without scripts; all text is escaped.
 *
 * @param script path of a script on a server that shows the page.
 */
export function renderSimpleReport(
  { title, lead, sections, plot = [] }: SimpleReport,
  script?: string,
): string {
  const body = html`<h1>${title}</h1>
    <p class="soft">${lead}</p>
    ${paretoPlot(plot, 'pareto') ?? ''} ${sections.map(sectionOf)}`;
  return pageOf({ title, body, script });
}

const sectionOf = ({ title, figure, table, lines }: ReportSection): Markup =>
  html`<h2>${title}</h2>
    ${
      figure === undefined
        ? ''
        : html`<div class="charts single">
            <figure>
              <figcaption>${figure.caption}</figcaption>
              ${new Markup(figure.svg)}
            </figure>
          </div>`
    }
    ${table === undefined ? '' : dataTable(table.head, table.rows)}
    ${
      lines.length === 0
        ? ''
        : html`<ul>
            ${lines.map((line) => html`<li>${lineOf(line)}</li>`)}
          </ul>`
    }`;

function lineOf(line: string | ReportLink): Markup | string {
  if (typeof line === 'string') return line;
  const href = line.href.split('/').map(encodeURIComponent).join('/');
  return html`<a href="${href}">${line.text}</a>${line.after ?? ''}`;
}

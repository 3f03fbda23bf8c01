import { html, Markup } from './markup.js';
import { STYLE } from './style.js';

/** A page of tables and sentences. */
export interface SimpleReport {
  /** Heading of the page. */
  readonly title: string;
  /** One line under the title. */
  readonly lead: string;
  /** The page's sections, in order. */
  readonly sections: readonly ReportSection[];
}

/** A section of a page: a heading, a table, lines. */
export interface ReportSection {
  /** Heading of the section. */
  readonly title: string;
  /** A table: the heads of its columns, and its rows. */
  readonly table?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
  /** Sentences below the table. */
  readonly lines: readonly string[];
}

/** The report as one self-contained HTML document without scripts; all text is escaped. */
export function renderSimpleReport({ title, lead, sections }: SimpleReport): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title} · ANC</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <h1>${title}</h1>
        <p class="soft">${lead}</p>
        ${sections.map(sectionOf)}
      </body>
    </html> `.text;
}

const sectionOf = ({ title, table, lines }: ReportSection): Markup =>
  html`<h2>${title}</h2>
    ${table === undefined ? '' : tableOf(table)}
    ${
      lines.length === 0
        ? ''
        : html`<ul>
            ${lines.map((line) => html`<li>${line}</li>`)}
          </ul>`
    }`;

const tableOf = ({ head, rows }: NonNullable<ReportSection['table']>): Markup =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head.map((cell) => html`<th>${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first, ...cells]) =>
            html`<tr>
              <th scope="row">${first ?? ''}</th>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;

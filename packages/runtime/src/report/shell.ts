import { html, Markup } from './markup.js';
import { STYLE } from './style.js';

/** What a page is made of. */
export interface Shell {
  /** Title of the window. */
  readonly title: string;
  /** Everything on the page. */
  readonly body: Markup;
  /** Path of a script on the server that gives the page; absent: a file without scripts that loads nothing. */
  readonly script?: string | undefined;
}

/** Not part of a template: compilers write templates with it as functions of a package. */
const SCRIPT_END = new Markup('</script>');

/** A page: one file with its own style, whose policy forbids everything that it does not need. */
export function pageOf({ title, body, script }: Shell): string {
  const live = script === undefined ? '' : "; script-src 'self'; connect-src 'self'; form-action 'self'";
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:${live}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}" />
        <title>${title} · ANC</title>
        <style>
          ${new Markup(STYLE)}
        </style>
        ${script === undefined ? '' : html`<script src="${script}" defer>${SCRIPT_END}`}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.text;
}

/** Marks what was measured on the clock, so that two reports of equal runs can be compared without it. */
export const measured = (content: Markup | string): Markup =>
  html`${new Markup('<!--measured-->')}${content}${new Markup('<!--/measured-->')}`;

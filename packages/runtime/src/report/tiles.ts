import type { Tiles } from './documents.js';
import { html, Markup } from './markup.js';

/** Pictures side by side in a PNG file, and what is known of it. */
export interface TileSheet extends Tiles {
  readonly png: Uint8Array;
}

/** The file as data of the page itself. */
export const pngSource = (png: Uint8Array): Markup =>
  new Markup(`data:image/png;base64,${Buffer.from(png).toString('base64')}`);

/** Size of the whole file in pixels. */
export function sheetSize({ count, columns, tile: [height, width], gap }: Tiles): readonly [number, number] {
  const across = Math.min(columns, Math.max(1, count));
  const down = Math.max(1, Math.ceil(count / across));
  return [across * (width + gap) + gap, down * (height + gap) + gap];
}

/** Puts a sheet into the page once; `tileOf` shows parts of it. */
export function sheetOnce(sheet: TileSheet, id: string): Markup {
  const [width, height] = sheetSize(sheet);
  return html`<svg class="hidden" width="0" height="0" aria-hidden="true">
    <defs><image id="${id}" width="${width}" height="${height}" href="${pngSource(sheet.png)}" /></defs>
  </svg>`;
}

/** Picture `at` of a sheet. */
export function tileOf(
  { columns, tile: [height, width], gap }: Tiles,
  id: string,
  at: number,
  label: string,
): Markup {
  const left = gap + (at % columns) * (width + gap);
  const top = gap + Math.floor(at / columns) * (height + gap);
  return html`<svg class="tile" viewBox="${left} ${top} ${width} ${height}" role="img" aria-label="${label}">
    <use href="#${id}" />
  </svg>`;
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tree } from '@anc/core';
import type { RunFolder } from '../run-folder/run-folder.js';
import { html, type Markup } from './markup.js';

/** A sheet of images that a model's generator had made by the end of an epoch. */
export interface Sheet {
  /** From 1. */
  readonly epoch: number;
  readonly png: Uint8Array;
}

/** Sheets by model, in the order of their epochs. */
export type Sheets = Tree<readonly Sheet[]>;

/** Folder of the sheets beside a model's weights. */
const FOLDER = 'generated';

const NAME = /^epoch-(\d+)\.png$/;

/** The sheets of these students. */
export async function readSheets(folder: RunFolder, students: readonly string[]): Promise<Sheets> {
  const read = async (name: string): Promise<[string, readonly Sheet[]]> => {
    const place = ['student', name, FOLDER];
    const files = await readdir(join(folder.path, ...place)).catch(() => []);
    const sheets = files.sort().map(async (file): Promise<Sheet | null> => {
      const epoch = NAME.exec(file)?.[1];
      const png = epoch === undefined ? null : await folder.readBytes(...place, file);
      return png === null ? null : { epoch: Number(epoch), png };
    });
    return [name, (await Promise.all(sheets)).filter((sheet) => sheet !== null)];
  };
  return Object.fromEntries(await Promise.all(students.map(read)));
}

/** The sheets side by side, as data of the page itself. */
export const sheetSection = (sheets: readonly Sheet[]): Markup | string =>
  sheets.length === 0
    ? ''
    : html`<h3>Generated images</h3>
        <div class="sheets">
          ${sheets.map(
            ({ epoch, png }) =>
              html`<figure>
                <figcaption>after epoch ${epoch}</figcaption>
                <img
                  alt="images that the generator made after epoch ${epoch}"
                  src="data:image/png;base64,${Buffer.from(png).toString('base64')}"
                />
              </figure>`,
          )}
        </div>`;

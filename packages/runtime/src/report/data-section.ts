import type { DataDocument, DataSplit } from './documents.js';
import { formatCount } from './format.js';
import { html, type Markup } from './markup.js';
import { pngSource, sheetSize, type TileSheet } from './tiles.js';

/** What the images of a run are, and how training saw them. */
export interface ReportedData {
  readonly data: DataDocument;
  readonly pictures: TileSheet | null;
}

/** The data: where it is, how many images of what, how they are read, and a sample as training sees them. */
export function dataSection({ data, pictures }: ReportedData): Markup {
  const { dataset, location, shape, classes, classNames, splits, normalization, augmentation, notices } =
    data;
  const [height, width, channels] = shape;
  const more = classes > classNames.length ? ', …' : '';
  const facts: (readonly [string, string])[] = [
    ['dataset', location === null ? dataset : `${dataset}, in ${location}`],
    ['images', splits.map(splitInWords).join('; ')],
    ['size', `${height} × ${width} pixels, ${channels === 1 ? 'gray' : `${channels} channels`}`],
    [
      'classes',
      classNames.length === 0
        ? formatCount(classes)
        : `${formatCount(classes)}: ${classNames.join(', ')}${more}`,
    ],
    ['normalization', normalization],
    ['augmentation', augmentation],
  ];
  return html`<h2>Data</h2>
    <dl>
      ${facts.map(
        ([term, text]) =>
          html`<dt>${term}</dt>
            <dd>${text}</dd>`,
      )}
    </dl>
    ${
      notices.length === 0
        ? ''
        : html`<ul>
            ${notices.map((notice) => html`<li>${notice}</li>`)}
          </ul>`
    }
    ${pictures === null ? '' : sampleOf(pictures)}`;
}

const splitInWords = ({ name, images, labels, dataset }: DataSplit): string =>
  `${formatCount(images)} ${name}${dataset === undefined ? '' : ` of ${dataset}`}${labels ? '' : ' (without labels)'}`;

function sampleOf(sheet: TileSheet): Markup {
  const [width, height] = sheetSize(sheet);
  return html`<h3>Training images</h3>
    <p class="soft">
      ${sheet.columns === 1 ? 'As they are.' : 'An image in each row: as it is, then as training sees it.'}
    </p>
    <img
      class="sample"
      alt="training images with their augmentations"
      width="${width}"
      height="${height}"
      src="${pngSource(sheet.png)}"
    />`;
}

import { formatCount, formatShare } from './format.js';
import { html, type Markup } from './markup.js';

/** Images in a range of probabilities: how sure the network is, and how often it is right. */
export interface DiagramBin {
  readonly images: number;
  readonly confidence: number;
  readonly share: number;
}

const SIDE = 200;
const PLOT = { left: 36, right: 16, top: 8, bottom: 34 };
const [ACROSS, DOWN] = [SIDE - PLOT.left - PLOT.right, SIDE - PLOT.top - PLOT.bottom];

/** Mean distance of probability and share over the images: the expected calibration error (Guo 2017). */
export function calibrationError(bins: readonly DiagramBin[]): number {
  const total = bins.reduce((sum, { images }) => sum + images, 0);
  if (total === 0) return 0;
  const off = bins.reduce(
    (sum, { images, confidence, share }) => sum + images * Math.abs(confidence - share),
    0,
  );
  return off / total;
}

/** A reliability diagram: bars over equal parts of the probabilities, beside the diagonal. */
export function reliabilityDiagram(title: string, bins: readonly DiagramBin[]): Markup {
  const width = ACROSS / bins.length;
  const y = (share: number): number => round(PLOT.top + DOWN * (1 - share));
  return html`<figure>
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${SIDE} ${SIDE}" role="img" aria-label="${title} over probability">
      ${[0, 0.5, 1].map(
        (share) =>
          html`<line
              class="grid"
              x1="${PLOT.left}"
              x2="${SIDE - PLOT.right}"
              y1="${y(share)}"
              y2="${y(share)}"
            />
            <text class="tick" x="${PLOT.left - 5}" y="${y(share) + 3}" text-anchor="end"
              >${100 * share} %</text
            >
            <text
              class="tick"
              x="${round(PLOT.left + ACROSS * share)}"
              y="${SIDE - PLOT.bottom + 13}"
              text-anchor="middle"
            >
              ${100 * share} %
            </text>`,
      )}
      ${bins.map(({ images, confidence, share }, i) =>
        images === 0
          ? ''
          : html`<rect
              class="bar"
              x="${round(PLOT.left + i * width + 1)}"
              width="${round(width - 2)}"
              y="${y(share)}"
              height="${round(PLOT.top + DOWN - y(share))}"
            >
              <title>
                ${formatCount(images)} images, mean probability ${formatShare(confidence, 1)}:
                ${formatShare(share, 1)}
              </title>
            </rect>`,
      )}
      <line class="diagonal" x1="${PLOT.left}" y1="${y(0)}" x2="${SIDE - PLOT.right}" y2="${y(1)}" />
      <text class="tick" x="${PLOT.left + ACROSS / 2}" y="${SIDE - 6}" text-anchor="middle">probability</text>
    </svg>
    <p class="soft">mean distance from the diagonal: ${formatShare(calibrationError(bins), 1)}</p>
  </figure>`;
}

const round = (value: number): number => Math.round(10 * value) / 10;

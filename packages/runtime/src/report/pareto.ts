import { formatBytes, formatLarge, formatMilliseconds } from './format.js';
import { html, type Markup } from './markup.js';
import { measured } from './shell.js';

/** A model in the plot of cost and agreement. */
export interface ParetoPoint {
  /** Name of the model. */
  readonly name: string;
  /** With the teacher, 0 to 1; of the teacher itself 1. */
  readonly agreement: number;
  /** For one image; null where they are not counted. */
  readonly flops: number | null;
  /** Size of its file; null where it is not known. */
  readonly bytes: number | null;
  /** Milliseconds for one image; null where they were not measured. */
  readonly latency: number | null;
}

const WIDTH = 640;
const HEIGHT = 300;
const PLOT = { left: 64, right: 20, top: 16, bottom: 52 };
/** Radius of the largest model and of the smallest that is seen. */
const RADIUS = { most: 16, least: 5 };
const COLORS = 6;

/** What the horizontal axis may be, the first that every model has. */
const AXES = [
  { key: 'latency', title: 'latency of one image, ms', format: formatMilliseconds, measured: true },
  { key: 'flops', title: 'FLOPs per image', format: formatLarge, measured: false },
  { key: 'bytes', title: 'size', format: formatBytes, measured: false },
] as const;

/**
 * Agreement over cost, the area of a point its size: one plot of all models. The line joins the models for which no other one is
 * both cheaper and better (the Pareto front). Null where there is nothing to compare.
 */
export function paretoPlot(points: readonly ParetoPoint[], id: string): Markup | null {
  const axis = AXES.find(({ key }) => points.every((point) => (point[key] ?? 0) > 0));
  if (points.length < 2 || axis === undefined) return null;
  const cost = (point: ParetoPoint): number => point[axis.key]!;
  const costs = points.map(cost);
  const [least, most] = [Math.min(...costs) / 1.6, Math.max(...costs) * 1.6];
  const floor = Math.max(
    0,
    Math.floor(10 * Math.min(...points.map(({ agreement }) => agreement)) - 0.2) / 10,
  );
  const x = (value: number): number =>
    PLOT.left + ((WIDTH - PLOT.left - PLOT.right) * Math.log(value / least)) / Math.log(most / least);
  const y = (share: number): number =>
    PLOT.top + ((HEIGHT - PLOT.top - PLOT.bottom) * (1.02 - share)) / (1.02 - floor);
  const largest = Math.max(...points.map(({ bytes }) => bytes ?? 0));
  const radius = ({ bytes }: ParetoPoint): number =>
    Math.max(RADIUS.least, largest === 0 || bytes === null ? 0 : RADIUS.most * Math.sqrt(bytes / largest));
  const front = frontOf(points, cost);
  const line = front.map((point) => `${round(x(cost(point)))},${round(y(point.agreement))}`).join(' ');
  // Large ones first, so that small ones are not hidden.
  const order = points.map((point, i) => ({ point, i })).sort((a, b) => radius(b.point) - radius(a.point));
  const shares = ticks(floor);
  const plot = html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title">
    <title id="${id}-title">agreement with the teacher over ${axis.title}</title>
    ${shares.map(
      (share) =>
        html`<line
            class="grid"
            x1="${PLOT.left}"
            x2="${WIDTH - PLOT.right}"
            y1="${round(y(share))}"
            y2="${round(y(share))}"
          />
          <text class="tick" x="${PLOT.left - 8}" y="${round(y(share) + 4)}" text-anchor="end">
            ${Math.round(100 * share)} %
          </text>`,
    )}
    ${costTicks(least, most).map(
      (value) =>
        html`<line
            class="grid"
            x1="${round(x(value))}"
            x2="${round(x(value))}"
            y1="${PLOT.top}"
            y2="${HEIGHT - PLOT.bottom}"
          />
          <text class="tick" x="${round(x(value))}" y="${HEIGHT - PLOT.bottom + 19}" text-anchor="middle">
            ${axis.format(value)}
          </text>`,
    )}
    <text class="tick" x="${(WIDTH + PLOT.left) / 2}" y="${HEIGHT - 8}" text-anchor="middle">
      ${axis.title} (logarithmic)
    </text>
    <polyline class="front" points="${line}" />
    ${order.map(
      ({ point, i }) =>
        html`<circle
          class="point"
          style="--mark: var(--series-${(i % COLORS) + 1})"
          cx="${round(x(cost(point)))}"
          cy="${round(y(point.agreement))}"
          r="${round(radius(point))}"
        >
          <title>${describe(point)}</title>
        </circle>`,
    )}
  </svg>`;
  const legend = html`<ul class="legend">
    ${points.map(
      (point, i) =>
        html`<li>
          <span class="mark" style="--mark: var(--series-${(i % COLORS) + 1})"></span
          ><strong>${point.name}</strong>
          ${describe({ ...point, name: '' })}
        </li>`,
    )}
  </ul>`;
  const caption = 'Agreement with the teacher over cost; the area of a point is its size';
  const figure = html`<figure class="pareto">
    <figcaption>${caption}</figcaption>
    ${plot}${legend}
  </figure>`;
  return points.some(({ latency }) => latency !== null) ? measured(figure) : figure;
}

/** The models that none other beats in both, from cheap to dear. */
function frontOf(points: readonly ParetoPoint[], cost: (point: ParetoPoint) => number): ParetoPoint[] {
  const sorted = [...points].sort((a, b) => cost(a) - cost(b) || b.agreement - a.agreement);
  let best = -Infinity;
  return sorted.filter(({ agreement }) => agreement > best && ((best = agreement), true));
}

const describe = ({ name, agreement, latency, flops, bytes }: ParetoPoint): string =>
  [
    ...(name === '' ? [] : [name]),
    `${(100 * agreement).toFixed(1)} %`,
    ...(latency === null ? [] : [formatMilliseconds(latency)]),
    ...(flops === null ? [] : [`${formatLarge(flops)} FLOPs`]),
    ...(bytes === null ? [] : [formatBytes(bytes)]),
  ].join(' · ');

/** Shares from `floor` to 1, at most six. */
function ticks(floor: number): number[] {
  const step = [0.02, 0.05, 0.1, 0.2].find((size) => (1 - floor) / size <= 5.001) ?? 0.25;
  const count = Math.floor((1 - floor) / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => 1 - i * step);
}

/** 1, 2 and 5 times powers of ten between two values; only the powers where these are many. */
function costTicks(least: number, most: number): number[] {
  const powers = Array.from({ length: 40 }, (_, i) => 10 ** (i - 12));
  const within = (values: readonly number[]): number[] =>
    values.filter((value) => value >= least && value <= most);
  const fine = within(powers.flatMap((power) => [power, 2 * power, 5 * power]));
  return fine.length <= 6 ? fine : within(powers);
}

const round = (value: number): number => Math.round(10 * value) / 10;

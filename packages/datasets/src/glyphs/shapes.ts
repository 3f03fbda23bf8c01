/** A stroke: x, y pairs joined by straight segments, in coordinates of -1..1 with y pointing down. */
export type Stroke = readonly number[];

/** An arc of an ellipse from angle `start` to `end` (radians), as `steps` segments. */
function arc(cx: number, cy: number, radius: number, start: number, end: number, steps: number): Stroke {
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = start + ((end - start) * i) / steps;
    return [cx + radius * Math.cos(angle), cy + radius * Math.sin(angle)];
  }).flat();
}

function spiral(turns: number, steps: number): Stroke {
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = (2 * Math.PI * turns * i) / steps;
    const radius = 0.12 + (0.78 * i) / steps;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  }).flat();
}

const { PI } = Math;

/**
 * The ten classes. Several are similar on purpose (ring and arc, square and cup, plus, tee and fork). None is the
 * mirror image of another one, so that horizontal flips keep the class.
 */
export const GLYPHS: Readonly<Record<string, readonly Stroke[]>> = {
  ring: [arc(0, 0, 0.8, 0, 2 * PI, 18)],
  arc: [arc(0, 0, 0.8, 0.25 * PI, 1.75 * PI, 14)],
  square: [[-0.7, -0.7, 0.7, -0.7, 0.7, 0.7, -0.7, 0.7, -0.7, -0.7]],
  cup: [[-0.7, -0.75, -0.7, 0.7, 0.7, 0.7, 0.7, -0.75]],
  triangle: [[0, -0.8, 0.8, 0.65, -0.8, 0.65, 0, -0.8]],
  plus: [
    [-0.8, 0, 0.8, 0],
    [0, -0.8, 0, 0.8],
  ],
  tee: [
    [-0.75, -0.7, 0.75, -0.7],
    [0, -0.7, 0, 0.8],
  ],
  fork: [
    [-0.65, -0.75, 0, 0],
    [0.65, -0.75, 0, 0],
    [0, 0, 0, 0.85],
  ],
  wave: [[...arc(0, -0.4, 0.4, -0.15 * PI, -1.5 * PI, 9), ...arc(0, 0.4, 0.4, -0.5 * PI, 0.85 * PI, 9)]],
  spiral: [spiral(1.6, 22)],
};

export const GLYPH_CLASSES: readonly string[] = Object.keys(GLYPHS);

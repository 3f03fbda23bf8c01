const f32 = Math.fround;
const BYTE = f32(1 / 255);
/** Of torchvision: the whole range of a byte, but for a thousandth, so that 1 becomes 255. */
const FULL = f32(255.999);
/** Which of (v, p, q, t) is red, green and blue in each sixth of the circle. */
const SELECTED = [
  [0, 2, 1, 1, 3, 0],
  [3, 0, 0, 2, 1, 1],
  [1, 1, 3, 0, 0, 2],
] as const;

/**
 * Turns the hue by `shift` of the circle, -0.5 to 0.5, in HSV; single precision as torchvision computes. Images of
 * another number of channels than three are copied.
 */
export function adjustHue(
  image: Uint8Array,
  [, , channels]: readonly [number, number, number],
  shift: number,
  out: Uint8Array,
): void {
  if (channels !== 3) {
    out.set(image);
    return;
  }
  for (let i = 0; i < image.length; i += 3) {
    const [r, g, b] = [f32(image[i]! * BYTE), f32(image[i + 1]! * BYTE), f32(image[i + 2]! * BYTE)];
    const [high, low] = [Math.max(r, g, b), Math.min(r, g, b)];
    const range = f32(high - low);
    const saturation = high === low ? 0 : f32(range / high);
    const turned = f32(f32(hueOf(r, g, b, high, range)) + f32(shift));
    const hue = turned - Math.floor(turned);
    const sixth = f32(hue * 6);
    const sector = Math.floor(sixth);
    const part = f32(saturation * f32(sixth - sector));
    const rest = f32(1 - saturation);
    const corners = [
      high,
      unit(f32(rest * high)),
      unit(f32(f32(1 - part) * high)),
      unit(f32(f32(part + rest) * high)),
    ];
    for (let c = 0; c < 3; c++) out[i + c] = Math.trunc(f32(corners[SELECTED[c]![sector % 6]!]! * FULL));
  }
}

const unit = (value: number): number => Math.min(1, Math.max(0, value));

/** 0 to 1. */
function hueOf(r: number, g: number, b: number, high: number, range: number): number {
  if (range === 0) return 0;
  const [red, green, blue] = [r, g, b].map((value) => f32(f32(high - value) / range)) as [
    number,
    number,
    number,
  ];
  const sixths =
    high === r ? f32(blue - green) : high === g ? f32(f32(red + 2) - blue) : f32(f32(green + 4) - red);
  return f32(f32(sixths * f32(1 / 6)) + 1) % 1;
}

/**
 * The multiple of 8 nearest to a number of channels, at least 8, and not more than a tenth below it: the rule of
 * MobileNetV2's reference code, which torchvision and timm share.
 */
export function divisible(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

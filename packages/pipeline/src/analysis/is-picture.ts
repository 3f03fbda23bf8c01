/** Whether images of a shape [H, W, C] are shown as pictures: of gray or of red, green and blue; other channels have no colors. */
export const isPicture = ([, , channels]: readonly [number, number, number]): boolean =>
  channels === 1 || channels === 3;

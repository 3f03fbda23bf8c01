/** Letters of 5 × 7 dots: one byte per column from the left, with the lowest bit at the top. */
// prettier-ignore
const COLUMNS: Readonly<Record<string, string>> = {
  A: '7e1111117e', B: '7f49494936', C: '3e41414122', D: '7f4141221c', E: '7f49494941', F: '7f09090901',
  G: '3e4149497a', H: '7f0808087f', I: '00417f4100', J: '2040413f01', K: '7f08142241', L: '7f40404040',
  M: '7f020c027f', N: '7f0408107f', O: '3e4141413e', P: '7f09090906', Q: '3e4151215e', R: '7f09192946',
  S: '4649494931', T: '01017f0101', U: '3f4040403f', V: '1f2040201f', W: '3f4038403f', X: '6314081463',
  Y: '0708700807', Z: '6151494543', 0: '3e5149453e', 1: '00427f4000', 2: '4261514946', 3: '2141454b31',
  4: '1814127f10', 5: '2745454539', 6: '3c4a494930', 7: '0171090503', 8: '3649494936', 9: '064949291e',
  '-': '0808080808', '.': '0060600000', ',': '0050300000', '%': '2313086462', '/': '2010080402',
  '(': '001c224100', ')': '0041221c00', ' ': '0000000000', '?': '0201510906', ':': '0036360000',
};

export const LETTER = { width: 6, height: 8 } as const;

/** Calls `dot` for each dot of a line of text: in capitals, with `?` for unknown characters. */
export function drawText(text: string, dot: (x: number, y: number) => void): void {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('_', ' ').toUpperCase();
  Array.from(plain).forEach((letter, i) => {
    const columns = COLUMNS[letter] ?? COLUMNS['?']!;
    for (let x = 0; x < 5; x++) {
      const bits = Number.parseInt(columns.slice(2 * x, 2 * x + 2), 16);
      for (let y = 0; y < 7; y++) if ((bits >> y) & 1) dot(i * LETTER.width + x, y);
    }
  });
}

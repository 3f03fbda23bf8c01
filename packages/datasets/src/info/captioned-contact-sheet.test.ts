import { decode } from 'fast-png';
import { expect, it } from 'vitest';
import { captionedSheet } from './captioned-contact-sheet.js';
import { drawText } from './letters.js';

it('draws letters, unknown ones as question marks', () => {
  const dots = (text: string): string[] => {
    const rows = Array.from({ length: 7 }, () =>
      new Array<string>(5 * text.length + text.length - 1).fill('.'),
    );
    drawText(text, (x, y) => (rows[y]![x] = '#'));
    return rows.map((row) => row.join(''));
  };
  expect(dots('t1')).toEqual([
    '#####...#..',
    '..#....##..',
    '..#.....#..',
    '..#.....#..',
    '..#.....#..',
    '..#.....#..',
    '..#....###.',
  ]);
  expect(dots('é')).toEqual(dots('E'));
  expect(dots('語')).toEqual(dots('?'));
});

it('puts each image, enlarged, over its caption', () => {
  const images = new Uint8Array(3 * 48 * 48 * 3).fill(10, 48 * 48 * 3);
  const { width, height, channels, data } = decode(
    captionedSheet(
      { images, shape: [48, 48, 3], captions: ['cat', 'a caption too long for its place', ''] },
      2,
    ),
  );
  expect([width, height, channels]).toEqual([4 + 2 * 100, 4 + 2 * 110, 3]);
  const at = (x: number, y: number): number => data[(y * width + x) * 3]!;
  expect([at(4, 4), at(104, 4), at(4, 114), at(0, 0)]).toEqual([0, 10, 10, 255]);
  expect(at(99, 99)).toBe(0); // the image's last pixel
  expect(at(101, 106)).toBe(255); // a caption ends with its image
});

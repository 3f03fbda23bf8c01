/** A decoded image: rows from the top, RGB or RGBA, 8 bits each. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly data: Uint8Array;
}

export const isBmp = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d; // "BM"

/** Compressions: none, and none with the channels' bits given by masks. */
const [PLAIN, MASKS, MASKS_WITH_ALPHA] = [0, 3, 6];

/** Bits of red, green and blue of a pixel without masks. */
const USUAL_MASKS: Readonly<Record<number, readonly number[]>> = {
  16: [0x7c00, 0x03e0, 0x001f],
  32: [0x00ff0000, 0x0000ff00, 0x000000ff],
};

/** Width and height of a BMP file, from its first 54 bytes. Throws `Error` like `decodeBmp`. */
export function bmpSize(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const { width, height } = headerOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return { width, height };
}

interface Header {
  readonly width: number;
  readonly height: number;
  /** Whether the first row of the file is the top one. */
  readonly downwards: boolean;
  readonly bits: number;
  readonly compression: number;
  readonly palette: { readonly start: number; readonly entries: number; readonly size: 3 | 4 };
  readonly pixels: number;
  readonly headerEnd: number;
}

/**
 * Reads a Windows bitmap (BMP) of 1, 4, 8, 16, 24 or 32 bits per pixel, the format that the image library lacks. Channels
 * of fewer than 8 bits are scaled to 0..255 as Pillow does; a fourth byte is alpha only where the header says so.
 *
 * @throws `Error` with the reason, for damaged files, run-length encoded ones, and more than `mostPixels` pixels.
 */
export function decodeBmp(bytes: Uint8Array, mostPixels: number): RawImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = headerOf(view);
  const { width, height, downwards, bits, pixels } = header;
  if (width < 1 || height < 1) throw new Error(`a BMP image of ${width}×${height}`);
  if (width * height > mostPixels) throw new Error('the image has too many pixels');
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (pixels + stride * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length) {
    throw new Error('the BMP file is cut short');
  }
  const colorOf = bits <= 8 ? indexed(view, header) : direct(view, header);
  const channels = colorOf.hasAlpha ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const row = pixels + stride * (downwards ? y : height - 1 - y);
    for (let x = 0; x < width; x++) colorOf.write(row, x, data, (y * width + x) * channels);
  }
  return { width, height, channels, data };
}

function headerOf(view: DataView): Header {
  if (view.byteLength < 26) throw new Error('the BMP file is cut short');
  const size = view.getUint32(14, true);
  const pixels = view.getUint32(10, true);
  if (size === 12) {
    const [width, height, bits] = [18, 20, 24].map((at) => view.getUint16(at, true)) as [
      number,
      number,
      number,
    ];
    const palette = { start: 26, entries: 2 ** bits, size: 3 } as const;
    return { width, height, downwards: false, bits, compression: PLAIN, palette, pixels, headerEnd: 26 };
  }
  if (size < 40 || view.byteLength < 54) throw new Error(`a BMP header of ${size} bytes`);
  const height = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const used = view.getUint32(46, true);
  return {
    width: view.getInt32(18, true),
    height: Math.abs(height),
    downwards: height < 0,
    bits,
    compression: view.getUint32(30, true),
    palette: { start: 14 + size, entries: used === 0 ? 2 ** bits : used, size: 4 },
    pixels,
    headerEnd: 14 + size,
  };
}

interface Colors {
  readonly hasAlpha: boolean;
  /** Writes the color of pixel `x` of the row at `row` to `out[at]`. */
  write(row: number, x: number, out: Uint8Array, at: number): void;
}

function indexed(view: DataView, { bits, compression, palette, pixels }: Header): Colors {
  if (compression !== PLAIN) throw unsupported(bits, compression);
  if (![1, 4, 8].includes(bits)) throw unsupported(bits, compression);
  const room = Math.floor((pixels - palette.start) / palette.size);
  const entries = Math.min(palette.entries, 2 ** bits, Math.max(0, room));
  const perByte = 8 / bits;
  return {
    hasAlpha: false,
    write(row, x, out, at) {
      const byte = view.getUint8(row + Math.floor(x / perByte));
      const index = (byte >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1);
      if (index >= entries) throw new Error(`color ${index} of a palette of ${entries}`);
      const entry = palette.start + index * palette.size;
      for (let c = 0; c < 3; c++) out[at + c] = view.getUint8(entry + 2 - c);
    },
  };
}

function direct(view: DataView, header: Header): Colors {
  const { bits, compression } = header;
  if (bits === 24 && compression === PLAIN) {
    return {
      hasAlpha: false,
      write(row, x, out, at) {
        for (let c = 0; c < 3; c++) out[at + c] = view.getUint8(row + 3 * x + 2 - c);
      },
    };
  }
  const fields = fieldsOf(view, header).map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { mask, shift, most: mask >>> shift };
  });
  const read =
    bits === 16 ? (at: number) => view.getUint16(at, true) : (at: number) => view.getUint32(at, true);
  return {
    hasAlpha: fields.length === 4,
    write(row, x, out, at) {
      const pixel = read(row + (x * bits) / 8);
      fields.forEach(({ mask, shift, most }, c) => {
        out[at + c] = most === 0 ? 0 : Math.floor((((pixel & mask) >>> shift) * 255) / most);
      });
    },
  };
}

/** The bits of red, green, blue and, where there is one, alpha. */
function fieldsOf(view: DataView, { bits, compression, headerEnd }: Header): number[] {
  const usual = USUAL_MASKS[bits];
  if (usual === undefined) throw unsupported(bits, compression);
  if (compression === PLAIN) return [...usual];
  if (compression !== MASKS && compression !== MASKS_WITH_ALPHA) throw unsupported(bits, compression);
  // Larger headers hold the masks; those of 40 bytes are followed by them.
  const count = headerEnd >= 14 + 56 || compression === MASKS_WITH_ALPHA ? 4 : 3;
  if (view.byteLength < 54 + 4 * count) throw new Error('the BMP file is cut short');
  const masks = Array.from({ length: count }, (_, i) => view.getUint32(54 + 4 * i, true));
  return masks[3] === 0 ? masks.slice(0, 3) : masks;
}

const unsupported = (bits: number, compression: number): Error =>
  new Error(
    compression === 1 || compression === 2
      ? 'a run-length encoded BMP file, which is not supported: save it without compression'
      : `a BMP file of ${bits} bits per pixel and compression ${compression}, which is not supported`,
  );

/** The first bytes of the formats that the image library decodes here, as hexadecimal digits; `.` is any digit. */
const SIGNATURES: readonly RegExp[] = [
  /^ffd8ff/, // JPEG
  /^89504e470d0a1a0a/, // PNG
  /^52494646.{8}57454250/, // WebP: RIFF, a size, WEBP
  /^47494638/, // GIF
  /^(49492a00|4d4d002a|49492b00|4d4d002b)/, // TIFF, and of more than 4 GiB
  /^.{8}66747970/, // AVIF: a size, ftyp
];
const LONGEST = 12;

/**
 * Whether a file is of a format that may be given to the image library. It knows others, whatever a file's name is: SVG,
 * which can refer to other files and draw without end, among them.
 */
export function isEncodedImage(bytes: Uint8Array): boolean {
  let digits = '';
  for (const byte of bytes.subarray(0, LONGEST)) digits += byte.toString(16).padStart(2, '0');
  return SIGNATURES.some((signature) => signature.test(digits));
}

"""Pictures of many kinds, and their bytes as Pillow decodes them: upright, the first of several frames, over white, in RGB
or, for networks of one channel, as luma (mode L)."""
import json, struct, sys, zlib
import numpy as np
from PIL import Image, ImageOps

folder = sys.argv[1]
HEIGHT, WIDTH = 24, 36
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
COLOR = np.stack([x * 255 // (WIDTH - 1), y * 255 // (HEIGHT - 1), 128 + 100 * np.sin(x / 5.0) * np.cos(y / 4.0)], -1).astype(np.uint8)
GRAY = COLOR[..., 2]
ALPHA = ((x + y) * 255 // (WIDTH + HEIGHT - 2)).astype(np.uint8)
rows = []


def upright(path, mode="RGB"):
    """The picture in RGB or gray (mode L), transparency over white."""
    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file)
        if "A" in image.getbands() or "transparency" in image.info:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return np.asarray(image.convert(mode))


def compared(what, path, limit, bytes_):
    rows.append({"what": what, "file": path, "limit": limit, "shape": list(np.atleast_3d(bytes_).shape), "bytes": bytes_.ravel().tolist()})


def row(what, name, save, limit=0, wanted=None):
    path = f"{folder}/{name}"
    save(path)
    compared(what, path, limit, upright(path) if wanted is None else wanted)


def one_channel(what, name, limit=0):
    """A picture of another row, for a network of one channel."""
    path = f"{folder}/{name}"
    compared(f"{what}, one channel", path, limit, upright(path, "L"))


def image(pixels, mode=None, **said):
    made = Image.fromarray(pixels) if mode is None else Image.fromarray(pixels).convert(mode)
    return lambda path: made.save(path, **said)


def png16(pixels, kind):
    """Of 16 bits per sample: Pillow writes none in color."""
    def write(path):
        def chunk(name, data):
            return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in pixels)
        header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, kind, 0, 0, 0)
        with open(path, "wb") as out:
            out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))
    return write


def frames(path, **said):
    first, *more = [Image.fromarray(COLOR if i == 0 else COLOR[::-1]) for i in range(3)]
    first.save(path, save_all=True, append_images=more, duration=50, **said)


def oriented(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return image(COLOR, quality=95, subsampling=0, exif=exif)


wide = COLOR.astype(np.uint32) * 257 + 90  # not a multiple: the lower byte counts nothing
row("PNG", "rgb.png", image(COLOR))
row("PNG, gray", "gray.png", image(GRAY))
row("PNG, 1 bit", "bit.png", image(GRAY, "1"))
row("PNG, 16 bits in color", "rgb16.png", png16(np.minimum(wide, 65535).reshape(HEIGHT, -1), 2), 1)
row("PNG, 16 bits in gray", "gray16.png", png16(np.minimum(wide[..., 2], 65535), 0), 1, np.repeat((np.minimum(wide[..., 2], 65535) >> 8).astype(np.uint8)[..., None], 3, -1))
row("PNG, palette", "palette.png", image(COLOR, "P"))
row("PNG, palette with a transparent color", "transparent.png", image(COLOR, "P", transparency=3))
row("PNG, alpha", "alpha.png", image(np.dstack([COLOR, ALPHA])), 1)
row("PNG, gray with alpha", "gray-alpha.png", image(np.dstack([GRAY, ALPHA])), 1)
row("JPEG", "plain.jpg", image(COLOR, quality=95, subsampling=0), 1)
row("JPEG, chroma at half the size", "half.jpg", image(COLOR, quality=95, subsampling=2), 2)
row("JPEG, progressive", "progressive.jpg", image(COLOR, quality=95, subsampling=0, progressive=True), 1)
row("JPEG, gray", "gray.jpg", image(GRAY, quality=95), 1)
for value in range(1, 9):
    row(f"JPEG, EXIF orientation {value}", f"exif{value}.jpg", oriented(value), 1)
row("JPEG, CMYK without a profile", "cmyk.jpg", image(COLOR, "CMYK", quality=95), 1)
row("GIF", "plain.gif", image(COLOR))
row("GIF, animated", "frames.gif", frames)
row("WebP", "plain.webp", image(COLOR, lossless=True))
row("WebP, lossy", "lossy.webp", image(COLOR, quality=90), 1)
row("WebP, alpha", "alpha.webp", image(np.dstack([COLOR, ALPHA]), lossless=True, exact=True), 1)
row("WebP, animated", "frames.webp", lambda path: frames(path, lossless=True))
row("BMP", "rgb.bmp", image(COLOR))
row("BMP, gray", "gray.bmp", image(GRAY))
row("BMP, 1 bit", "bit.bmp", image(GRAY, "1"))
row("BMP, palette", "palette.bmp", image(COLOR, "P"))
row("BMP, alpha", "alpha.bmp", image(np.dstack([COLOR, ALPHA])), 1)
row("TIFF", "rgb.tif", image(COLOR))
row("TIFF, gray", "gray.tif", image(GRAY))
row("TIFF, 1 bit", "bit.tif", image(GRAY, "1"))
row("TIFF, palette", "palette.tif", image(COLOR, "P"))
row("TIFF, alpha", "alpha.tif", image(np.dstack([COLOR, ALPHA])), 1)
row("TIFF, CMYK without a profile", "cmyk.tif", image(COLOR, "CMYK"))
for compression in ["tiff_lzw", "tiff_adobe_deflate", "packbits"]:
    row(f"TIFF, {compression}", f"{compression}.tif", image(COLOR, compression=compression))
row("TIFF, jpeg", "jpeg.tif", image(COLOR, compression="jpeg"), 1)
row("TIFF, of several pages", "frames.tif", frames)
for what, name, limit in [
    ("PNG", "rgb.png", 0), ("PNG, gray", "gray.png", 0), ("PNG, 1 bit", "bit.png", 0), ("PNG, palette", "palette.png", 0),
    ("PNG, alpha", "alpha.png", 1), ("PNG, gray with alpha", "gray-alpha.png", 1), ("JPEG", "plain.jpg", 1), ("JPEG, gray", "gray.jpg", 1),
    ("JPEG, CMYK without a profile", "cmyk.jpg", 1), ("GIF", "plain.gif", 0), ("WebP", "plain.webp", 0), ("BMP", "rgb.bmp", 0),
    ("BMP, gray", "gray.bmp", 0), ("TIFF", "rgb.tif", 0), ("TIFF, gray", "gray.tif", 0),
]:
    one_channel(what, name, limit)
print(json.dumps({"rows": rows, "skipped": []}))

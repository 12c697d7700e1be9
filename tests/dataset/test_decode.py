"""Decoding: every kind of picture in its right colours and upright, and nothing but pictures."""
import io
import os
import struct
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from dataset import DataError, decode, open_dataset
from dataset.decode import FORMATS, decode as decoded, picture_size, quiet_decoders
from dataset.errors import BrokenPicture
from tests.dataset.make import encoded, picture, write_files

DISC = (np.mgrid[:32, :32][0] - 16) ** 2 + (np.mgrid[:32, :32][1] - 16) ** 2 < 100


def saved(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def hidden_noise():
    """A grey disc; around it noise that full transparency hides, as many editors leave it. (32, 32, 4)"""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 4), np.uint8)
    pixels[DISC] = (128, 128, 128, 255)
    pixels[~DISC, 3] = 0
    return Image.fromarray(pixels)


def transparent_pictures():
    rgba = hidden_noise()
    grey = np.where(DISC, 128, 7).astype(np.uint8)
    palette = Image.fromarray(np.where(DISC, 1, 0).astype(np.uint8), "P")
    palette.putpalette([250, 0, 0, 128, 128, 128])
    return {
        "RGBA": saved(rgba), "LA": saved(rgba.convert("LA")), "tiff": saved(rgba, "TIFF"),
        "webp": saved(rgba, "WEBP", lossless=True, exact=True),
        "grey, one level transparent": saved(Image.fromarray(grey), transparency=7),
        "palette, one colour transparent": saved(palette, transparency=0),
        "palette, alpha of each colour": saved(palette, transparency=b"\0\xff"),
        "gif": saved(palette, "GIF", transparency=0),
        "RGB, one colour transparent": saved(Image.fromarray(np.dstack([grey] * 3)), transparency=(7, 7, 7))}


@pytest.mark.parametrize("kind", transparent_pictures())
def test_transparent_parts_are_white_whatever_colour_hides_there(kind, recwarn):
    pixels = decoded(transparent_pictures()[kind], "x")
    np.testing.assert_array_equal(pixels, np.where(DISC, 128, 255)[..., None].repeat(3, axis=2))


def test_half_transparent_pixels_are_mixed_with_white():
    rgba = np.full((4, 4, 4), (0, 100, 200, 128), np.uint8)
    np.testing.assert_allclose(decoded(encoded(rgba), "x"), np.full((4, 4, 3), (127, 177, 227)), atol=1)


def test_grey_bits_palettes_and_cmyk_keep_their_colours():
    grey = picture(1)[..., 0]
    np.testing.assert_array_equal(decoded(encoded(grey), "x"), np.repeat(grey[..., None], 3, axis=2))
    bits = decoded(saved(Image.fromarray(DISC)), "x")
    np.testing.assert_array_equal(bits, DISC[..., None].repeat(3, axis=2) * 255)
    image = Image.fromarray(picture(2))
    colours = np.asarray(image.quantize(16).convert("RGB"))
    np.testing.assert_array_equal(decoded(saved(image.quantize(16)), "x"), colours)
    cmyk = decoded(saved(image.convert("CMYK"), "JPEG", quality=95), "x")
    assert np.abs(cmyk.astype(int) - picture(2)).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_every_orientation_is_turned_upright(orientation, form):
    upright = np.zeros((20, 30, 3), np.uint8)
    upright[:10, :10], upright[:10, 20:], upright[10:, :10] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    turn = {1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
            5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a),
            7: lambda a: a[::-1, ::-1].swapaxes(0, 1), 8: lambda a: np.rot90(a, -1)}[orientation]
    exif = Image.Exif()
    exif[0x112] = orientation
    options = {"quality": 100, "subsampling": 0} if form == "JPEG" else {}
    data = saved(Image.fromarray(np.ascontiguousarray(turn(upright))), form, exif=exif.tobytes(), **options)
    np.testing.assert_allclose(decoded(data, "x").astype(int), upright, atol=8)


def exif_of(*tags):
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + b"".join(tags) + bytes(4)


def test_damaged_exif_costs_at_most_the_rotation():
    image = Image.fromarray(picture(0, 20, 30))
    rotated, number = struct.pack("<HHII", 0x112, 3, 1, 6), struct.pack("<HHII", 0x10f, 11, 1, 0x3f800000)
    assert decoded(saved(image, "JPEG", exif=exif_of(rotated, number)), "x").shape == (30, 20, 3)
    for damage in (struct.pack("<HHII", 0x112, 7, 9, 6), struct.pack("<HHII", 0x112, 3, 1, 99), b"\xff" * 12):
        assert decoded(saved(image, "JPEG", exif=exif_of(damage)), "x").shape == (20, 30, 3)


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\nshowpage\n"


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_postscript_never_starts_ghostscript(tmp_path):
    """A stand-in for it, first on PATH, would leave a trace. Pillow remembers where gs is: a new process."""
    stand_in = write_files(tmp_path / "bin", {"gs": f"#!/bin/sh\ntouch {tmp_path}/started\n"}) / "gs"
    stand_in.chmod(0o755)
    pictures = {f"{i}.png": encoded(picture(i, 20, 20)) for i in range(30)}
    postscript = dict.fromkeys(["a.jpg", "b.eps", "c"], POSTSCRIPT)
    path = write_files(tmp_path / "faces", {**pictures, **postscript})
    code = """if True:
        import sys, dataset, dataset.decode
        try:
            dataset.open_dataset(sys.argv[1], 16, cache=sys.argv[2])
        except dataset.DataError as error:
            print(error)
        dataset.decode.why_no_picture = lambda *_: None            # Pillow alone must not start it either
        try:
            dataset.decode.decode(open(sys.argv[1] + "/a.jpg", "rb").read(), "a.jpg")
        except dataset.DataError as error:
            print(error)"""
    environment = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    told = subprocess.run([sys.executable, "-c", code, path, tmp_path / "cache"], capture_output=True,
                          text=True, env=environment, check=True).stdout
    assert not (tmp_path / "started").exists()
    assert "1 of 31 pictures cannot be used" in told and "(PostScript): a.jpg" in told
    with Image.open(io.BytesIO(POSTSCRIPT)) as image:              # Pillow by itself would have started it
        assert image.format == "EPS" and "EPS" not in FORMATS


@pytest.mark.parametrize("content, complaint", [
    (b"", "an empty file"), (b"no image", "of no known kind"), (b"<!DOCTYPE html><p>", "a web page"),
    (b"%PDF-1.7", "PDF"), (b"PK\3\4" + bytes(60), "a zip archive"), (encoded(picture(0))[:300], "truncated"),
    (encoded(picture(0), "JPEG")[:2000], "truncated"), (b"\xff\xd8\xff" + bytes(50), "damaged or cut short"),
    (b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS")])
def test_what_is_no_whole_image(content, complaint):
    with pytest.raises(BrokenPicture, match=rf"place.png: not an image that can be read \(.*{complaint}"):
        decoded(content, "some/place.png")


@pytest.mark.parametrize("name, content", [
    ("a.heic", b"\0\0\0\x18ftypheic"), ("a.jpg", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"), ("a.cr2", b"II*\0")])
def test_photos_in_other_formats_are_told_to_be_converted(name, content):
    with pytest.raises(BrokenPicture, match="(HEIC|CR2), which is not read here: convert it to JPEG or PNG"):
        decoded(content + bytes(40), name)


def test_deep_pixels_are_refused():
    with pytest.raises(BrokenPicture, match="more than 8 bits"):
        decoded(encoded(np.full((9, 9), 4000, np.uint16)), "x")


def test_too_many_pixels(monkeypatch):
    monkeypatch.setattr(decode, "MOST_PIXELS", 1000)
    progressive = saved(Image.fromarray(picture(0, 160, 200)), "JPEG", progressive=True)
    for data, size in ((encoded(picture(0, 40, 50)), "50 x 40"), (progressive, "200 x 160")):
        with pytest.raises(BrokenPicture, match=f"{size} pixels are more than"):
            decoded(data, "x", 20)
    assert decoded(encoded(picture(0, 20, 50)), "x").shape == (20, 50, 3)
    assert decoded(saved(Image.fromarray(picture(0, 160, 200)), "JPEG"), "x", 20).shape == (20, 25, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)            # Pillow's own limit, of twice that
    with pytest.raises(BrokenPicture, match="pixels are more than the"):
        decoded(encoded(picture(0, 20, 50)), "x")


def test_too_many_pixels_for_a_decoder_that_takes_much_memory(monkeypatch):
    webp = saved(Image.fromarray(picture(0, 40, 50)), "WEBP")
    assert decoded(webp, "x").shape == (40, 50, 3)
    monkeypatch.setitem(decode.COSTLY, "WEBP", (16, 1 << 10))
    with pytest.raises(BrokenPicture, match="50 x 40 pixels are more than"):
        decoded(webp, "x")


@pytest.mark.parametrize("mode", ["RGB", "P", "LA", "RGBA", "CMYK"])
def test_strips_make_the_picture_that_the_whole_makes(mode, monkeypatch):
    alpha = Image.fromarray(np.dstack([picture(2, 203, 97), picture(3, 203, 97)[..., 0]]))
    data = saved(alpha.convert(mode), "TIFF" if mode == "CMYK" else "PNG")
    whole = [decoded(data, "x", least) for least in (None, 48, 12)]
    monkeypatch.setattr(decode, "STRIP", 500)
    for least, expected in zip((None, 48, 12), whole):
        np.testing.assert_array_equal(decoded(data, "x", least), expected)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_large_pictures_are_decoded_at_a_reduced_scale(form):
    large, data = picture(3, 800, 600), saved(Image.fromarray(picture(3, 800, 600)), form)
    assert decoded(data, "x").shape == (800, 600, 3)
    assert decoded(data, "x", 301).shape == (800, 600, 3)
    small = decoded(data, "x", 75)
    assert small.shape == (100, 75, 3)
    means = large.reshape(100, 8, 75, 8, 3).mean(axis=(1, 3))
    assert np.abs(small - means).max() < 6


def test_large_transparent_pictures_do_not_bleed_what_they_hide():
    large = hidden_noise().resize((320, 320), Image.Resampling.NEAREST)
    small = decoded(saved(large), "x", 32)
    np.testing.assert_array_equal(small, np.where(DISC, 128, 255)[..., None].repeat(3, axis=2))


def test_decoders_are_quiet(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40 * 50 - 1)
    path = write_files(tmp_path / "pictures", {f"{i}.png": encoded(picture(i, 40, 50)) for i in range(20)})
    write_files(path, {"cut.tif": saved(Image.fromarray(picture(0, 40, 50)), "TIFF")[:300]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match="1 of 21"):
            open_dataset(path, 16, cache=tmp_path / "cache", progress=False)
    assert capfd.readouterr() == ("", "")


def test_sizes_from_headers():
    with quiet_decoders():
        assert picture_size(encoded(picture(0, 40, 50))) == (50, 40) and picture_size(b"none") is None

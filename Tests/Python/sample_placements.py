"""What a loader does to photographs, as Docs/SampleOrder.md has it: the same tensors by numpy and Pillow.

    sample_placements.py FOLDER < description.json

FOLDER has `0.npy`, `1.npy`, ..., the images. The major version of Pillow, as a float, and the tensors of the description's images are
written to standard output, one after another.
"""
import json, sys
from math import sqrt
import numpy as np
import PIL
from PIL import Image, ImageEnhance
from sample_draws import choice
from sample_order import PLACEMENT, key, scaled, word

FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}

def resized_crop(k, H, W, scale, ratio):
    unit = lambda i: (word(k, i) >> 11) * 2.0**-53
    roots, root = [], ratio[1] / ratio[0]
    for _ in range(32): root = sqrt(root); roots.append(root)
    for t in range(10):
        area, aspect = H * W * (scale[0] + (scale[1] - scale[0]) * unit(2 * t)), 1.0
        for i in range(32):
            if word(k, 2 * t + 1) >> (63 - i) & 1: aspect *= roots[i]
        aspect = ratio[0] * aspect
        w, h = round(sqrt(area * aspect)), round(sqrt(area / aspect))
        if 0 < w <= W and 0 < h <= H: return scaled(word(k, 20), H - h + 1), scaled(word(k, 21), W - w + 1), h, w
    h, w = H, W
    if W / H < ratio[0]: h = round(W / ratio[0])
    elif W / H > ratio[1]: w = round(H * ratio[1])
    return (H - h) // 2, (W - w) // 2, h, w

def placed(image, a, seed, epoch, index):
    """The pixels of an image after the augmentation, before mean and scale."""
    k, (H, W), crop, by = word(key(seed, epoch, PLACEMENT), index), image.shape[:2], a.get("crop"), FILTERS[a.get("filter", "bilinear")]
    picture, flipped = Image.fromarray(image), choice(seed, epoch, index, 1, 1, a.get("flip", 0))[2]
    if crop and crop[0] == "randomResized":
        y, x, h, w = resized_crop(k, H, W, crop[3], crop[4])
        picture = picture.crop((x, y, x + w, y + h)).resize((crop[2], crop[1]), by)
    else:
        if "shorter" in a:
            s = a["shorter"]
            picture = picture.resize((s, s * H // W) if W <= H else (s * W // H, s), by)
        (W, H), h, w = picture.size, *(crop[1:] if crop else picture.size[::-1])
        y, x = (round((H - h) / 2), round((W - w) / 2)) if crop and crop[0] == "center" else choice(seed, epoch, index, H - h + 1, W - w + 1, 0)[:2]
        picture = picture.crop((x, y, x + w, y + h))
    pixels = np.asarray(picture)
    if a.get("turns"): pixels = np.rot90(pixels, scaled(word(k, 22), 4))
    if (word(k, 23) >> 11) * 2.0**-53 < a.get("vertical", 0): pixels = pixels[::-1]
    if flipped: pixels = pixels[:, ::-1]
    for word_of, (name, enhance) in enumerate([("brightness", ImageEnhance.Brightness), ("contrast", ImageEnhance.Contrast), ("saturation", ImageEnhance.Color)], 24):
        amount = a.get(name, 0)
        least = max(0, 1 - amount)
        factor = np.float32(least + (1 + amount - least) * ((word(k, word_of) >> 11) * 2.0**-53))
        if amount: pixels = np.asarray(enhance(Image.fromarray(np.ascontiguousarray(pixels))).enhance(float(factor)))
    return pixels

if __name__ == "__main__":
    d = json.load(sys.stdin)
    sys.stdout.buffer.write(np.float32(PIL.__version__.split(".")[0]).tobytes())
    for index in d["indices"]:
        pixels = placed(np.load(f"{sys.argv[1]}/{index}.npy"), d["augmentation"], d["seed"], d["epoch"], index)
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        tensor = (pixels.astype(np.float32) - np.float32(d["mean"])) * np.float32(d["scale"])
        sys.stdout.buffer.write(tensor.transpose(2, 0, 1).astype("<f4").tobytes())

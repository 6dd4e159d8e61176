"""Compares what ImageStoreCore resizes with Pillow (bytes, and nearest of all types) and with numpy in double (other types).

    check_resizing.py FOLDER

FOLDER has `requests`, a line each (type, filter, height, width, channels, the region, the size it is resized to, the window),
and `samples`: for each the bytes of the image and of the result.
"""
import sys

import numpy
import PIL
from PIL import Image

# Later versions of Pillow round otherwise, by 1 at most.
TOLERANCE = 0 if int(PIL.__version__.split(".")[0]) <= 12 else 1
FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
MODES = {1: "L", 3: "RGB", 4: "RGBX"}


def with_pillow(image, height, width, name):
    if image.shape[2] in MODES:
        mode = MODES[image.shape[2]]
        picture = Image.frombytes(mode, (image.shape[1], image.shape[0]), image.tobytes())
        resized = picture.resize((width, height), FILTERS[name])
        return numpy.frombuffer(resized.tobytes(), numpy.uint8).reshape(height, width, -1)
    planes = [with_pillow(image[:, :, c : c + 1].copy(), height, width, name) for c in range(image.shape[2])]
    return numpy.concatenate(planes, axis=2)


def weights(length, size, name):
    """A matrix whose rows are the weights of the samples of an axis."""
    if length == size:
        return numpy.eye(length)
    scale = length / size
    filter_scale = max(1.0, scale)
    support = (1 if name == "bilinear" else 2) * filter_scale
    matrix = numpy.zeros((size, length))
    for position in range(size):
        center = (position + 0.5) * scale
        first = max(0, int(center - support + 0.5))
        end = min(length, int(center + support + 0.5))
        x = numpy.abs((numpy.arange(first, end) - center + 0.5) / filter_scale)
        if name == "bilinear":
            row = numpy.where(x < 1, 1 - x, 0)
        else:
            near = 1.5 * x**3 - 2.5 * x**2 + 1
            row = numpy.where(x < 1, near, numpy.where(x < 2, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2, 0))
        matrix[position, first:end] = row / row.sum()
    return matrix


def nearest(image, height, width):
    def places(length, size):
        # Sums step by step, as Pillow has them.
        steps = numpy.full(size, length / size)
        steps[0] = length / size * 0.5
        return numpy.cumsum(steps).astype(int)

    return image[places(image.shape[0], height)][:, places(image.shape[1], width)]


def with_numpy(image, height, width, name):
    wide = numpy.einsum("xk,rkc->rxc", weights(image.shape[1], width, name), image.astype(numpy.float64))
    return numpy.einsum("yk,kxc->yxc", weights(image.shape[0], height, name), wide)


def check(line, got, expected, dtype):
    if dtype.kind == "f":
        # Sums of floats, whose weights are rounded; halves are rounded once more.
        tolerance = {2: 1.1e-3, 4: 1e-5, 8: 1e-12}[dtype.itemsize]
        scale = max(1.0, numpy.abs(expected).max(initial=0))
        good = numpy.abs(got.astype(numpy.float64) - expected) <= tolerance * scale
    else:
        info = numpy.iinfo(dtype)
        # The mean of a tie may fall to either side.
        clipped = numpy.clip(expected, info.min, info.max)
        good = numpy.abs(got.astype(numpy.float64) - clipped) <= 0.5 + 1e-6 * max(1.0, numpy.abs(clipped).max())
    if not good.all():
        sys.exit(f"{line}: {numpy.count_nonzero(~good)} samples differ")


def main(folder):
    data = numpy.fromfile(f"{folder}/samples", numpy.uint8)
    lines = open(f"{folder}/requests").read().splitlines()
    start = 0
    for line in lines:
        kind, name, *numbers = line.split()
        height, width, channels, *rest = map(int, numbers)
        row, column, rows, columns, to_height, to_width, *window = rest
        dtype = numpy.dtype(kind)
        end = start + height * width * channels * dtype.itemsize
        image = data[start:end].view(dtype).reshape(height, width, channels)
        start = end
        end += window[2] * window[3] * channels * dtype.itemsize
        got = data[start:end].view(dtype).reshape(window[2], window[3], channels)
        start = end
        crop = numpy.ascontiguousarray(image[row : row + rows, column : column + columns])
        if kind == "uint8":
            whole = with_pillow(crop, to_height, to_width, name)
        elif name == "nearest":
            whole = nearest(crop, to_height, to_width)
        else:
            whole = with_numpy(crop, to_height, to_width, name)
        expected = numpy.zeros((window[2], window[3], channels), whole.dtype)
        for y in range(max(0, window[0]), min(to_height, window[0] + window[2])):
            left, right = max(0, window[1]), min(to_width, window[1] + window[3])
            if left < right:
                expected[y - window[0], left - window[1] : right - window[1]] = whole[y, left:right]
        if kind == "uint8":
            difference = numpy.abs(got.astype(int) - expected.astype(int)).max()
            if difference > (0 if name == "nearest" else TOLERANCE):
                sys.exit(f"{line}: off by {difference} from Pillow {PIL.__version__}")
        else:
            check(line, got, expected, dtype)
    if start != data.size:
        sys.exit(f"{data.size - start} bytes too many")
    print(f"{len(lines)} results are the same (Pillow {PIL.__version__}, {TOLERANCE} apart at most)")


main(sys.argv[1])

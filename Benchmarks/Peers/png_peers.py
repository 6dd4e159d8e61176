"""PNG files with a CSV of labels: Pillow as the tutorials use it, OpenCV as an expert would."""
import csv, os
import cv2
import numpy as np
from PIL import Image
from harness import checksum_of, clear


def measure(data, work, recorder, arguments):
    n, images, labels = data.count, data.images, data.labels
    folder = work / f"{n}-pillow"
    if not any(recorder.wants(s, w) for s in ("Pillow + csv", "OpenCV", "create+write") for w in ("write", "read", "one read")):
        return
    swapped = images[..., ::-1].copy()

    def fresh(path):
        clear(path)
        path.mkdir()

    def write_labels(path):
        with open(path / f"{n}.csv", "w") as f:
            writer = csv.writer(f, delimiter=" ", quotechar="|", quoting=csv.QUOTE_MINIMAL)
            for label in labels:
                writer.writerow([label])

    def pillow_write():
        for i in range(n):
            Image.fromarray(images[i]).save(folder / f"{i}.png")
        write_labels(folder)

    def pillow_read():
        read = [np.array(Image.open(folder / f"{i}.png")) for i in range(n)]
        with open(folder / f"{n}.csv") as f:
            [int(row[0]) for row in csv.reader(f, delimiter=" ", quotechar="|")]
        return read

    recorder.measure("Pillow + csv", "write", n, pillow_write, lambda: fresh(folder), path=folder)
    if not folder.exists():
        fresh(folder)
        pillow_write()
    recorder.measure("Pillow + csv", "read", n, pillow_read, checksum=lambda: checksum_of(pillow_read()))
    recorder.measure("Pillow + csv", "one read", 1, lambda: np.array(Image.open(folder / "0.png")))

    other = work / "opencv"
    other.mkdir(exist_ok=True)

    def opencv_write():
        for i in range(n):
            cv2.imwrite(f"{other}/{i}.png", swapped[i])

    def opencv_read():
        return [cv2.imread(f"{folder}/{i}.png", cv2.IMREAD_COLOR) for i in range(n)]

    recorder.measure("OpenCV", "write", n, opencv_write, lambda: fresh(other), path=other)
    clear(other)
    recorder.measure("OpenCV", "read", n, opencv_read,
                     checksum=lambda: checksum_of(a[..., ::-1] for a in opencv_read()))

    if not recorder.wants("create+write", "write"):
        return
    encoded = [open(folder / f"{i}.png", "rb").read() for i in range(n)]
    bare = work / "bare"

    def create_and_write():
        for i, value in enumerate(encoded):
            descriptor = os.open(f"{bare}/{i}.png", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            os.write(descriptor, value)
            os.close(descriptor)

    recorder.measure("create+write", "write", n, create_and_write, lambda: fresh(bare))
    clear(bare)

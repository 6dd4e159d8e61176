"""What Python takes to turn photographs into batches: decode, random resized crop, flip, normalize to float32 CHW, on one thread.

    python3 photograph_peers.py FOLDER NAME

For each line of standard input, the size of the crop, it does so with all images of FOLDER and prints the seconds of processor time and of wall
time, and the number of images. NAME without a folder's images lists what is installed.
"""
import glob, io, math, random, sys, time

import numpy as np

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
A = 1 / (255 * STD)
B = -MEAN / STD


def crop(width, height, rng):
    for _ in range(10):
        area = width * height * rng.uniform(0.08, 1)
        ratio = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return rng.randint(0, width - w), rng.randint(0, height - h), w, h
    side = min(width, height)
    return (width - side) // 2, (height - side) // 2, side, side


def to_tensor(pixels, rng):
    if rng.random() < 0.5: pixels = pixels[:, ::-1]
    tensor = pixels.transpose(2, 0, 1).astype(np.float32)
    tensor *= A[:, None, None]
    tensor += B[:, None, None]
    return tensor


def pillow(draft):
    from PIL import Image

    def make(data, size, rng):
        picture = Image.open(io.BytesIO(data))
        if draft: picture.draft("RGB", (size * 2, size * 2))
        picture = picture.convert("RGB")
        x, y, w, h = crop(*picture.size, rng)
        return to_tensor(np.asarray(picture.crop((x, y, x + w, y + h)).resize((size, size), Image.BILINEAR)), rng)
    return make


def opencv(decode, interpolation):
    import cv2
    cv2.setNumThreads(0)

    def make(data, size, rng):
        pixels = decode(cv2, data)
        x, y, w, h = crop(pixels.shape[1], pixels.shape[0], rng)
        return to_tensor(cv2.resize(pixels[y:y + h, x:x + w], (size, size), interpolation=getattr(cv2, interpolation)), rng)
    return make


def simplejpeg_area():
    import simplejpeg
    return opencv(lambda cv2, data: simplejpeg.decode_jpeg(data, "RGB"), "INTER_AREA")


def torchvision_pil():
    import torch, torchvision.transforms as transforms
    from PIL import Image
    torch.set_num_threads(1)
    made = {}

    def make(data, size, rng):
        if size not in made:
            made[size] = transforms.Compose([transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip(), transforms.ToTensor(),
                                             transforms.Normalize(MEAN.tolist(), STD.tolist())])
        return made[size](Image.open(io.BytesIO(data)).convert("RGB"))
    return make


def torchvision_v2():
    import torch
    from torchvision.io import ImageReadMode, decode_jpeg
    from torchvision.transforms import v2
    torch.set_num_threads(1)
    made = {}

    def make(data, size, rng):
        if size not in made:
            made[size] = v2.Compose([v2.RandomResizedCrop(size, antialias=True), v2.RandomHorizontalFlip(), v2.ToDtype(torch.float32, scale=True),
                                     v2.Normalize(MEAN.tolist(), STD.tolist())])
        return made[size](decode_jpeg(torch.frombuffer(bytearray(data), dtype=torch.uint8), mode=ImageReadMode.RGB))
    return make


def cv2_decode(cv2, data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), getattr(cv2, "IMREAD_COLOR_RGB", cv2.IMREAD_COLOR))


def mlx_epoch(files, size):
    import mlx.data as dx
    stream = dx.buffer_from_vector([{"image": np.frombuffer(bytearray(data), np.uint8)} for data in files]).to_stream()
    stream = stream.load_image("image", from_memory=True).image_random_area_crop("image", (0.08, 1.0), (3 / 4, 4 / 3))
    stream = stream.image_resize("image", size, size).image_random_h_flip("image", 0.5)
    stream = stream.key_transform("image", lambda x: (x.astype(np.float32) / 255 - MEAN) / STD)
    return sum(1 for _ in stream)


PEERS = {
    "Pillow + numpy": lambda: pillow(False),
    "Pillow, draft mode + numpy": lambda: pillow(True),
    "OpenCV, area + numpy": lambda: opencv(cv2_decode, "INTER_AREA"),
    "OpenCV, linear + numpy": lambda: opencv(cv2_decode, "INTER_LINEAR"),
    "simplejpeg + OpenCV, area": simplejpeg_area,
    "torchvision on PIL": torchvision_pil,
    "torchvision v2 on tensors": torchvision_v2,
    "mlx-data": lambda: __import__("mlx.data") and None,
}

if __name__ == "__main__":
    name = sys.argv[2]
    files = [open(file, "rb").read() for file in sorted(glob.glob(sys.argv[1] + "/*.jpg"))]
    try:
        make = PEERS[name]()
    except ImportError:
        sys.exit(3)
    print("ready", flush=True)
    for line in sys.stdin:
        size, rng = int(line), random.Random(42)
        start, before = time.perf_counter(), time.process_time()
        if name == "mlx-data":
            mlx_epoch(files, size)
        else:
            for data in files: make(data, size, rng)
        print(time.process_time() - before, time.perf_counter() - start, len(files), flush=True)

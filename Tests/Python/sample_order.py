"""The sample orders of Docs/SampleOrder.md, as short as they can be said."""
from math import isqrt
M, G = (1 << 64) - 1, 0x9E3779B97F4A7C15
SHUFFLE, BLOCKS, WINDOW, DRAWS, AUGMENTATION, FOLDS, PLACEMENT = range(7)

def mix(z):
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & M
    return z ^ z >> 31

def key(seed, epoch, purpose):
    return mix((mix((mix((seed + G) & M) + epoch + G) & M) + purpose + G) & M)

def word(key, counter): return mix((key + (counter + 1) * G) & M)

def scaled(bits, count): return bits * count >> 64

def permuted(position, count, key):
    rows = max(16, isqrt(count - 1) + 1)
    columns = max(16, -(-count // rows))
    words = [word(key, i) for i in range(8)]
    def scatter(x, w, size):
        h = (x * (w >> 32 | 1) + w) & 0xFFFFFFFF
        return (((h ^ h >> 16) * 0x9E3779B1) & 0xFFFFFFFF) * size >> 32
    while True:
        r, c = divmod(position, columns)
        for i in range(0, 8, 2):
            r = (r + scatter(c, words[i], rows)) % rows
            c = (c + scatter(r, words[i + 1], columns)) % columns
        position = r * columns + c
        if position < count: return position

def shuffled(count, seed, epoch):
    k = key(seed, epoch, SHUFFLE)
    return [permuted(p, count, k) for p in range(count)]

def block_shuffled(count, seed, epoch, size, window):
    k, w, blocks = key(seed, epoch, BLOCKS), key(seed, epoch, WINDOW), -(-count // size)
    strata = -(-blocks // -(-blocks // min(window, blocks)))
    edges, order = [blocks * j // strata for j in range(strata + 1)], []
    for g in range(-(-blocks // strata)):
        images = []
        for j, (a, b) in enumerate(zip(edges, edges[1:])):
            if g >= b - a: continue
            turn = permuted(g, b - a, word(k, -1 if b - a == blocks // strata else -2))
            block = a + (turn + scaled(word(k, j), b - a)) % (b - a)
            images += range(block * size, min(block * size + size, count))
        order += [images[permuted(p, len(images), word(w, g))] for p in range(len(images))]
    return order

def turned(lane, lanes):
    result, rest, factor = 0, lanes, 2
    while rest > 1:
        if rest % factor: factor += 1; continue
        lanes, rest, (lane, digit) = lanes // factor, rest // factor, divmod(lane, factor)
        result += digit * lanes
    return result

def lane_shuffled(count, seed, epoch, size, window, lanes):
    k, w, blocks = key(seed, epoch, BLOCKS), key(seed, epoch, WINDOW), count // size
    windows = max(1, -(-blocks // (lanes * (window // lanes))))
    strata = lanes * max(1, -(-blocks // (windows * lanes)))
    whole, edges, order = blocks // strata, [blocks * j // strata for j in range(strata + 1)], []
    for g in range(whole + 1):
        rest, parts = [], [[] for _ in range(lanes)]
        for j, (a, b) in enumerate(zip(edges, edges[1:])):
            if g >= b - a: continue
            turn = permuted(g, b - a, word(k, -1 if b - a == whole else -2))
            block = a + (turn + scaled(word(k, j), b - a)) % (b - a)
            (parts[j % lanes] if g < whole else rest).extend(range(block * size, block * size + size))
        if g == whole:
            rest += range(blocks * size, count)
            start, images = 0, len(rest)
            for lane in sorted(range(lanes), key=lambda lane: turned(lane, lanes)):
                length = (images + lanes - 1 - lane) // lanes
                parts[lane] = rest[start:start + length]
                start += length
        for p in range(sum(map(len, parts))):
            part = parts[p % lanes]
            order.append(part[permuted(p // lanes, len(part), word(word(w, g), p % lanes))])
    return order

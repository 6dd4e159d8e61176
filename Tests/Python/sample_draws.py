"""The draws, folds and augmentations of Docs/SampleOrder.md."""
from sample_order import AUGMENTATION, DRAWS, FOLDS, key, permuted, scaled, word

def class_balanced(labels, seed, epoch, draws):
    k, classes = key(seed, epoch, DRAWS), sorted(set(labels))
    members = [[i for i, l in enumerate(labels) if l == c] for c in classes]
    pick = lambda p: members[scaled(word(k, 2 * p), len(classes))]
    return [pick(p)[scaled(word(k, 2 * p + 1), len(pick(p)))] for p in range(draws)]

def weighted(weights, seed, epoch, draws):
    k, n, total = key(seed, epoch, DRAWS), len(weights), 0.0
    for w in weights: total += w  # sum() rounds differently from Python 3.12 on
    share, alias = [w / total * n for w in weights], list(range(n))
    small, large = [i for i in range(n) if share[i] < 1], [i for i in range(n) if share[i] >= 1]
    while small and large:
        less, more = small.pop(), large[-1]
        alias[less], share[more] = more, share[more] - (1 - share[less])
        if share[more] < 1: small.append(large.pop())
    for i in large + [i for i in small if weights[i]]: share[i] = 1
    def draw(p):
        place = scaled(word(k, 2 * p), n)
        return place if (word(k, 2 * p + 1) >> 11) * 2.0**-53 < share[place] else alias[place]
    return [draw(p) for p in range(draws)]

def folds(labels, count, seed):
    k, fold, turn = key(seed, 0, FOLDS), [0] * len(labels), 0
    for place, c in enumerate(sorted(set(labels))):
        members = [i for i, l in enumerate(labels) if l == c]
        for p in range(len(members)):
            fold[members[permuted(p, len(members), word(k, place))]], turn = turn % count, turn + 1
    return fold

def choice(seed, epoch, sample, rows, columns, mirror):
    """First row, first column and whether mirrored, drawn from so many of each."""
    k = key(seed, epoch, AUGMENTATION)
    mirrored = (word(k, 3 * sample) >> 11) * 2.0**-53 < mirror
    return scaled(word(k, 3 * sample + 1), rows), scaled(word(k, 3 * sample + 2), columns), mirrored

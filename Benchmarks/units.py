"""Figures for people: times from microseconds, sizes from bytes."""


def rounded(value):
    """Two digits below 100, whole numbers above."""
    if value >= 9.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 0.995 else f"{value:.2g}"


def time(microseconds):
    for unit, factor in (("us", 1), ("ms", 1e3)):
        if microseconds < 999.5 * factor:
            return f"{rounded(microseconds / factor)} {unit}"
    return f"{rounded(microseconds / 1e6)} s"


def size(count):
    if count < 999.5:
        return f"{count:,.0f} bytes"
    for unit, factor in (("KB", 1e3), ("MB", 1e6)):
        if count < 999.5 * factor:
            return f"{rounded(count / factor)} {unit}"
    return f"{rounded(count / 1e9)} GB"

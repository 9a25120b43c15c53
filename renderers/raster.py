"""Scene → pixels. Edges are antialiased by exact area coverage, so the picture equals what an SVG viewer paints.

Coverage: every edge adds its signed area to the pixels it crosses, and a running sum along each row turns these into
the covered share of a pixel (the method of font rasterisers). All sums run in a fixed order: same input, same pixels.
"""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops

from renderers.colour import rgb_of
from renderers.scene import SIZE, UNIT, Group, Linear, Paint, Path, Radial, Scene, Stop

Box = tuple[int, int, int, int]
Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]
Levels = npt.NDArray[np.uint8]
_LEVELS: Final = 256
_TILE: Final = 64


def rasterise(scene: Scene) -> Image.Image:
    """The picture as SIZE × SIZE RGB."""
    canvas = Image.new("RGB", (SIZE, SIZE))
    _paint(canvas, scene.background, (0, 0, SIZE, SIZE), None)
    for group in scene.groups:
        _paint_group(canvas, group, None)
    return canvas


Covered = tuple[Box, Image.Image]
"""A part of the canvas and its mask."""


def _paint_group(canvas: Image.Image, group: Group, clip: Covered | None) -> None:
    if group.clip is not None:
        own = coverage(group.clip, None if clip is None else clip[0])
        if own is None:
            return
        clip = own if clip is None else _cut(own, clip)
    for item in group.items:
        if isinstance(item, Group):
            _paint_group(canvas, item, clip)
            continue
        covered = coverage(item.path, None if clip is None else clip[0], item.opacity)
        if covered is not None:
            box, mask = covered if clip is None else _cut(covered, clip)
            _paint(canvas, item.paint, box, mask)


def _cut(covered: Covered, clip: Covered) -> Covered:
    box, mask = covered
    (x0, y0, _, _), window = clip
    return box, ImageChops.multiply(mask, window.crop((box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0)))


def _paint(canvas: Image.Image, paint: Paint, box: Box, mask: Image.Image | None) -> None:
    """Lay `paint` on the box through the mask; no mask means all of it."""
    if isinstance(paint, str):
        colour = rgb_of(paint)
        if mask is None:
            canvas.paste(colour, box)
            return
        for part in _touched(mask):
            place = (box[0] + part[0], box[1] + part[1], box[0] + part[2], box[1] + part[3])
            canvas.paste(colour, place, mask.crop(part))
        return
    index = _positions(paint, box)
    colours, alphas = _table(paint.stops)
    fill = Image.fromarray(index, "P")
    fill.putpalette(colours)
    if mask is not None and any(stop.opacity < 1 for stop in paint.stops):
        mask = ImageChops.multiply(mask, Image.fromarray(index, "L").point(alphas))
    canvas.paste(fill.convert("RGB"), box, mask)


def _touched(mask: Image.Image) -> Iterator[Box]:
    """The parts of a mask that are not empty: a thin figure in a large box is mostly nothing."""
    width, height = mask.size
    if width * height < 4 * _TILE * _TILE:
        yield (0, 0, width, height)
        return
    levels = np.asarray(mask)
    starts = np.arange(0, width, _TILE)
    for top in range(0, height, _TILE):
        bottom = min(top + _TILE, height)
        used = np.logical_or.reduceat(levels[top:bottom].any(axis=0), starts)
        turns = np.flatnonzero(np.diff(used.astype(np.int8), prepend=0, append=0))
        for first, last in zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True):
            yield (first * _TILE, top, min(last * _TILE, width), bottom)


def _positions(paint: Linear | Radial, box: Box) -> npt.NDArray[np.uint8]:
    xs = np.arange(box[0], box[2], dtype=np.float32) + np.float32(0.5)
    ys = np.arange(box[1], box[3], dtype=np.float32) + np.float32(0.5)
    if isinstance(paint, Linear):
        dx, dy = paint.x1 - paint.x0, paint.y1 - paint.y0
        scale = (_LEVELS - 1) / (dx * dx + dy * dy or 1.0)
        t = ((xs - np.float32(paint.x0)) * np.float32(dx * scale))[None, :] + (
            (ys - np.float32(paint.y0)) * np.float32(dy * scale)
        )[:, None]
    else:
        scale = (_LEVELS - 1) / paint.r
        t = np.sqrt(
            (((xs - np.float32(paint.cx)) * np.float32(scale)) ** 2)[None, :]
            + (((ys - np.float32(paint.cy)) * np.float32(scale)) ** 2)[:, None]
        )
    np.add(t, np.float32(0.5), out=t)
    np.clip(t, 0, _LEVELS - 1, out=t)
    return t.astype(np.uint8)


def _table(stops: tuple[Stop, ...]) -> tuple[bytes, list[int]]:
    offsets = [stop.offset for stop in stops]
    positions = np.arange(_LEVELS) / (_LEVELS - 1)
    channels = np.array([rgb_of(stop.colour) for stop in stops], dtype=np.float64)
    rgb = np.stack([np.interp(positions, offsets, channels[:, k]) for k in range(3)], axis=1)
    alphas = np.interp(positions, offsets, [255 * stop.opacity for stop in stops])
    return np.rint(rgb).astype(np.uint8).tobytes(), [int(alpha) for alpha in np.rint(alphas)]


def coverage(path: Path, within: Box | None = None, opacity: float = 1.0) -> Covered | None:
    """The part of the canvas a path touches and how much of each pixel it covers, or None when it touches nothing.

    Levels are 0..255, times `opacity`.
    """
    edges = _edges(path)
    if not edges.size:
        return None
    left, top, right, bottom = within or (0, 0, SIZE, SIZE)
    x0 = max(left, math.floor(edges[:, 0::2].min()))
    y0 = max(top, math.floor(edges[:, 1::2].min()))
    x1 = min(right, math.ceil(edges[:, 0::2].max()))
    y1 = min(bottom, math.ceil(edges[:, 1::2].max()))
    if x0 >= x1 or y0 >= y1:
        return None
    edges -= np.array([x0, y0, x0, y0])
    width, height = x1 - x0, y1 - y0
    cells, amounts = _areas(edges, width, height)
    sums = _sparse if cells.size * 10 < width * height else _dense
    levels = sums(cells, amounts, width + 2, height, 255 * opacity)
    return (x0, y0, x1, y1), Image.fromarray(levels[:, :width], "L")


def _dense(cells: Cells, amounts: Floats, stride: int, height: int, full: float) -> Levels:
    """Levels up to `full` by a running sum over every pixel."""
    sums = np.bincount(cells, weights=amounts, minlength=stride * height).reshape(height, stride)
    return _levels(np.cumsum(sums, axis=1, dtype=np.float32), full)


def _sparse(cells: Cells, amounts: Floats, stride: int, height: int, full: float) -> Levels:
    """The same by runs: coverage changes only at the cells edges cross. A row sums to zero, so one sum serves all."""
    order = np.argsort(cells, kind="stable")
    cells = cells[order]
    last = np.append(cells[1:] != cells[:-1], True)
    values = _levels(np.cumsum(amounts[order])[last].astype(np.float32), full)
    starts = cells[last]
    runs = np.diff(starts, prepend=0, append=stride * height)
    return np.repeat(np.concatenate([np.zeros(1, np.uint8), values]), runs).reshape(height, stride)


def _levels(covered: npt.NDArray[np.float32], full: float) -> Levels:
    np.abs(covered, out=covered)
    np.minimum(covered, np.float32(1), out=covered)
    covered *= np.float32(full)
    covered += np.float32(0.5)
    return covered.astype(np.uint8)


def _edges(path: Path) -> Floats:
    """All sides of a path as rows (x0, y0, x1, y1) in pixels, curves cut into chords."""
    lines: list[tuple[int, ...]] = []
    curves: list[tuple[int, ...]] = []
    start: tuple[int, ...] = (0, 0)
    here = start
    for kind, arguments in path.commands:
        if kind == "M":
            start = here = arguments
        elif kind == "L":
            lines.append(here + arguments)
            here = arguments
        elif kind == "C":
            curves.append(here + arguments)
            here = arguments[4:]
        else:
            if here != start:
                lines.append(here + start)
            here = start
    parts = [np.array(lines, dtype=np.float64).reshape(-1, 4)]
    if curves:
        controls = np.array(curves, dtype=np.float64).reshape(-1, 4, 2)
        reach = float(np.abs(controls[:, 3] - controls[:, 0]).max() + np.abs(controls[:, 1] - controls[:, 2]).max())
        steps = min(max(3, math.ceil(math.sqrt(reach / UNIT) * 0.9)), 24)
        t = np.arange(steps + 1) / steps
        weights = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3])
        points = np.einsum("ks,nkd->nsd", weights, controls)
        parts.append(np.concatenate([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 4))
    return np.concatenate(parts) / UNIT


def _areas(edges: Floats, width: int, height: int) -> tuple[Cells, Floats]:
    """Where edges change the coverage, and by how much: cells of a height × (width + 2) grid, row by row."""
    rising = edges[:, 1] > edges[:, 3]
    direction = np.where(rising, -1.0, 1.0)
    ax, ay, bx, by = np.where(rising[:, None], edges[:, [2, 3, 0, 1]], edges).T
    inside = (by > ay) & (by > 0) & (ay < height)
    ax, ay, bx, by, direction = ax[inside], ay[inside], bx[inside], by[inside], direction[inside]
    slope = (bx - ax) / (by - ay)
    first = np.maximum(np.floor(ay), 0).astype(np.int64)
    last = np.minimum(np.ceil(by), height).astype(np.int64)
    which, row = _spread(first, last)
    y_in = np.maximum(ay[which], row)
    y_out = np.minimum(by[which], row + 1)
    x_in = np.clip(ax[which] + (y_in - ay[which]) * slope[which], 0, width)
    x_out = np.clip(ax[which] + (y_out - ay[which]) * slope[which], 0, width)
    height_in_row = (y_out - y_in) * direction[which]
    low, high = np.minimum(x_in, x_out), np.maximum(x_in, x_out)
    start = np.floor(low).astype(np.int64)
    stop = np.maximum(np.ceil(high).astype(np.int64), start + 1)
    piece, column = _spread(start, stop)
    span = (high - low)[piece]
    x_low, x_high = np.maximum(low[piece], column), np.minimum(high[piece], column + 1)
    share = np.where(span > 1e-9, (x_high - x_low) / np.where(span > 1e-9, span, 1.0), 1.0)
    amount = height_in_row[piece] * share
    right_part = amount * ((x_low + x_high) / 2 - column)
    cell = row[piece] * (width + 2) + column
    return np.concatenate([cell, cell + 1]), np.concatenate([amount - right_part, right_part])


def _spread(
    first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For ranges first[i]..last[i]-1: the index i and the number of every member, in order."""
    counts = last - first
    which = np.repeat(np.arange(len(counts)), counts)
    offsets = np.cumsum(counts) - counts
    return which, np.arange(len(which)) - offsets[which] + first[which]

"""Coverage: areas are exact, holes stay open, overlaps do not cancel, clips cut."""

import math

import numpy as np
import pytest

from renderers.raster import coverage, rasterise
from renderers.scene import Group, Linear, Path, Radial, Scene, Shape, Stop
from renderers.shapes import bar, brush, crescent, ellipse, leaf, mirrored, polygon, rectangle, ring, star, together
from renderers.svg import svg_text


def _area(path: Path) -> float:
    covered = coverage(path)
    return 0.0 if covered is None else float(np.asarray(covered[1], dtype=np.float64).sum() / 255)


@pytest.mark.parametrize(
    ("path", "area"),
    [
        (rectangle(10, 10, 100, 50), 5000),
        (rectangle(10.5, 10.3, 3.2, 2.4), 3.2 * 2.4),
        (polygon([(0, 0), (100, 0), (0, 100)]), 5000),
        (polygon([(0, 0), (0, 100), (100, 0)]), 5000),
        (ellipse(300, 300, 120), math.pi * 120**2),
        (ellipse(500, 500, 200, 60, 0.7), math.pi * 200 * 60),
        (ring(500, 500, 200, 10), math.pi * (205**2 - 195**2)),
        (bar(100, 100, 400, 500, 7), 500 * 7),
        (rectangle(-50, -50, 100, 100), 2500),
        (rectangle(1000, 1000, 100, 100), 24 * 24),
        (ellipse(0, 512, 100), math.pi * 100**2 / 2),
        (ellipse(1024, 512, 100), math.pi * 100**2 / 2),
        (star(300, 300, 100, 40, 5), 5 * 100 * 40 * math.sin(math.pi / 5)),
        (rectangle(2000, 2000, 10, 10), 0),
    ],
    ids=lambda value: str(value) if isinstance(value, float | int) else "",
)
def test_coverage_equals_the_area(path: Path, area: float) -> None:
    assert _area(path) == pytest.approx(area, rel=0.004, abs=0.3)


def test_coverage_overlapping_parts_count_once_whichever_way_they_turn() -> None:
    one, two = rectangle(10, 10, 60, 60), rectangle(40, 10, 60, 60)
    turned = polygon([(40, 10), (40, 70), (100, 70), (100, 10)])
    assert _area(together([one, two])) == pytest.approx(5400, abs=1)
    assert _area(together([one, turned])) == pytest.approx(5400, abs=1)


def test_together_reversed_curves_keep_their_shape() -> None:
    shapes = [ellipse(200, 200, 80, 30, 0.4), leaf(300, 300, 400, 420, 20), crescent(600, 600, 50, 0.7, 1.0)]
    for shape in shapes:
        flipped = together([mirrored(shape, 512)])
        assert _area(flipped) == pytest.approx(_area(shape), rel=0.002)


def test_brush_straight_even_line_has_its_width() -> None:
    line = brush([(100, 100), (300, 100), (500, 100)], 10, lambda _: 1.0)
    covered = coverage(line)
    assert covered is not None
    (left, _, right, _), mask = covered
    widths = np.asarray(mask, dtype=np.float64).sum(axis=0) / 255
    assert widths[250 - left] == pytest.approx(10, abs=0.3)
    # Ends are softly rounded: a little beyond the points, never by more than half the width.
    assert 95 <= left <= 100
    assert 500 <= right <= 505


def test_empty_path_covers_nothing_and_is_not_written() -> None:
    assert coverage(together([])) is None
    scene = Scene("ffffff", (Group("a", (Shape(together([]), "000000"),)),))
    assert set(rasterise(scene).getdata()) == {(255, 255, 255)}
    assert 'd=""' not in svg_text(scene, "empty")


def test_rasterise_group_clip_cuts_and_nested_clips_intersect() -> None:
    red = Shape(rectangle(0, 0, 1024, 1024), "ff0000")
    inner = Group("", (red,), rectangle(50, 0, 100, 100))
    scene = Scene("000000", (Group("", (inner,), rectangle(0, 0, 100, 100)),))
    pixels = np.asarray(rasterise(scene))
    assert (pixels[:, :, 0] == 255).sum() == 50 * 100
    assert (pixels[10, 50:100, 0] == 255).all()


def test_rasterise_gradients_run_from_stop_to_stop() -> None:
    across = Linear(0, 0, 1024, 0, (Stop(0, "000000"), Stop(1, "ffffff")))
    pixels = np.asarray(rasterise(Scene(across, ())))
    assert pixels[5, 0, 0] == 0
    assert pixels[5, 1023, 0] == 255
    assert abs(int(pixels[700, 512, 1]) - 128) <= 1
    glow = Radial(512, 512, 100, (Stop(0, "ffffff"), Stop(1, "ffffff", 0)))
    lit = np.asarray(rasterise(Scene("000000", (Group("", (Shape(ellipse(512, 512, 100), glow),)),))))
    assert lit[512, 512, 0] >= 253
    assert abs(int(lit[512, 562, 0]) - 127) <= 3
    assert lit[512, 640, 0] == 0

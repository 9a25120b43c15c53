"""Colour in OKLCH (B. Ottosson, 2020): equal steps look equal, so palettes keep their contrast at any hue."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Oklch:
    """Lightness 0..1, chroma 0..~0.37, hue in degrees."""

    light: float
    chroma: float
    hue: float

    def hex(self) -> str:
        """Six lower-case hex digits of the nearest sRGB colour: hue and lightness kept, chroma reduced to fit."""
        light = min(max(self.light, 0.0), 1.0)
        low, high = 0.0, max(self.chroma, 0.0)
        rgb = _linear(light, high, self.hue)
        if not _fits(rgb):
            for _ in range(14):
                middle = (low + high) / 2
                if _fits(_linear(light, middle, self.hue)):
                    low = middle
                else:
                    high = middle
            rgb = _linear(light, low, self.hue)
        return "".join(f"{round(255 * _encode(channel)):02x}" for channel in rgb)

    def lighter(self, by: float) -> "Oklch":
        return replace(self, light=min(max(self.light + by, 0.02), 0.99))

    def richer(self, factor: float) -> "Oklch":
        return replace(self, chroma=self.chroma * factor)

    def turned(self, degrees: float) -> "Oklch":
        return replace(self, hue=(self.hue + degrees) % 360)

    def toward(self, other: "Oklch", share: float) -> "Oklch":
        """A mixture, made in OKLab so that opposite hues meet in grey."""
        a0, b0 = self.chroma * math.cos(math.radians(self.hue)), self.chroma * math.sin(math.radians(self.hue))
        a1, b1 = other.chroma * math.cos(math.radians(other.hue)), other.chroma * math.sin(math.radians(other.hue))
        a, b = a0 + (a1 - a0) * share, b0 + (b1 - b0) * share
        light = self.light + (other.light - self.light) * share
        return Oklch(light, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


def rgb_of(colour: str) -> tuple[int, int, int]:
    """The three bytes of six hex digits."""
    return int(colour[0:2], 16), int(colour[2:4], 16), int(colour[4:6], 16)


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio, 1..21, of two hex colours."""
    first, second = sorted((_luminance(one), _luminance(other)))
    return (second + 0.05) / (first + 0.05)


def _luminance(colour: str) -> float:
    def decode(byte: int) -> float:
        value = byte / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (decode(byte) for byte in rgb_of(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(light: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _fits(rgb: tuple[float, float, float]) -> bool:
    return all(-0.0005 <= channel <= 1.0005 for channel in rgb)


def _encode(channel: float) -> float:
    value = min(max(channel, 0.0), 1.0)
    return 12.92 * value if value <= 0.0031308 else 1.055 * float(value ** (1 / 2.4)) - 0.055

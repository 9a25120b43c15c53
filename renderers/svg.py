"""Scene → SVG text. Only svg, title, g, defs, gradients, stop, clipPath and path: what every sanitiser lets through.

The view box counts tenths of a pixel, the scene's own unit: whole numbers and relative commands keep the text small.
"""

from xml.sax.saxutils import escape

from renderers.scene import SIZE, UNIT, Group, Linear, Paint, Path, Scene, Shape

Definitions = dict[object, tuple[str, str]]
"""Gradient or clip path → its id and markup."""


def svg_text(scene: Scene, title: str) -> str:
    """The picture as one SVG document; `title` is escaped."""
    definitions: Definitions = {}
    side = SIZE * UNIT
    body: list[str] = [f'<path d="M0 0H{side}V{side}H0z" fill="{_fill(scene.background, definitions)}"/>']
    body.extend(_group(group, definitions) for group in scene.groups)
    defs = "".join(markup for _, markup in definitions.values())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" viewBox="0 0 {side} {side}"'
        ' role="img">'
        f"<title>{escape(title)}</title><defs>{defs}</defs>{''.join(body)}</svg>"
    )


def _group(group: Group, definitions: Definitions) -> str:
    inner = "".join(
        _group(item, definitions) if isinstance(item, Group) else _shape(item, definitions) for item in group.items
    )
    if group.name:
        inner = f'<g class="{group.name}">{inner}</g>'
    if group.clip is not None:
        inner = f'<g clip-path="url(#{_clip(group.clip, definitions)})">{inner}</g>'
    return inner


def _shape(shape: Shape, definitions: Definitions) -> str:
    if not shape.path.commands:
        return ""
    opacity = "" if shape.opacity >= 1 else f' fill-opacity="{number(shape.opacity)}"'
    return f'<path d="{path_text(shape.path)}" fill="{_fill(shape.paint, definitions)}"{opacity}/>'


def _fill(paint: Paint, definitions: Definitions) -> str:
    if isinstance(paint, str):
        return f"#{paint}"
    if paint not in definitions:
        name = f"p{len(definitions)}"
        stops = "".join(
            f'<stop offset="{number(stop.offset)}" stop-color="#{stop.colour}"'
            + ("" if stop.opacity >= 1 else f' stop-opacity="{number(stop.opacity)}"')
            + "/>"
            for stop in paint.stops
        )
        units = 'gradientUnits="userSpaceOnUse"'
        if isinstance(paint, Linear):
            ends = _attributes(("x1", paint.x0), ("y1", paint.y0), ("x2", paint.x1), ("y2", paint.y1))
            markup = f'<linearGradient id="{name}" {units} {ends}>{stops}</linearGradient>'
        else:
            ends = _attributes(("cx", paint.cx), ("cy", paint.cy), ("r", paint.r))
            markup = f'<radialGradient id="{name}" {units} {ends}>{stops}</radialGradient>'
        definitions[paint] = (name, markup)
    return f"url(#{definitions[paint][0]})"


def _clip(path: Path, definitions: Definitions) -> str:
    if path not in definitions:
        name = f"p{len(definitions)}"
        definitions[path] = (name, f'<clipPath id="{name}"><path d="{path_text(path)}"/></clipPath>')
    return definitions[path][0]


def _attributes(*pairs: tuple[str, float]) -> str:
    return " ".join(f'{name}="{number(value * UNIT)}"' for name, value in pairs)


def number(value: float) -> str:
    """At most three decimals, no trailing zeros, never an exponent or a negative zero."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def path_text(path: Path) -> str:
    """The `d` attribute in tenths of a pixel; every command but the first M of a subpath is relative."""
    parts: list[str] = []
    x = y = start_x = start_y = 0
    for kind, a in path.commands:
        if kind == "C":
            parts.append("c" + _numbers(a[0] - x, a[1] - y, a[2] - x, a[3] - y, a[4] - x, a[5] - y))
            x, y = a[4], a[5]
        elif kind == "L":
            parts.append("l" + _numbers(a[0] - x, a[1] - y))
            x, y = a
        elif kind == "M":
            x, y = start_x, start_y = a
            parts.append("M" + _numbers(x, y))
        else:
            parts.append("z")
            x, y = start_x, start_y
    return "".join(parts)


def _numbers(*values: int) -> str:
    return "".join(f" {value}" if index and value >= 0 else str(value) for index, value in enumerate(values))

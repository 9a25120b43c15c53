"""The portrait: a face between light and shade. Birth decides who it is, the bands how, stage and level what stays."""

import math
from typing import Final

from renderers.model import DIALS, State, Subject
from renderers.portrait.dress import body
from renderers.portrait.face import face
from renderers.portrait.frame import Frame, frame
from renderers.portrait.ground import background, halo, layout, motes, motif
from renderers.portrait.hair_back import back
from renderers.portrait.hair_front import front
from renderers.portrait.kin import crest, ears
from renderers.portrait.marks import age, behind, border, upon
from renderers.portrait.palette import ground_of, palette
from renderers.portrait.traits import cast
from renderers.scene import UNIT, Group, Path, Scene, Shape
from renderers.texts import plain

NAME: Final = "portrait"
VERSION: Final = "1.0.0"


def compose(subject: Subject, state: State) -> Scene:
    """The picture of one snapshot."""
    role = cast(subject, state)
    colours = palette(subject, role)
    head = frame(role)

    def tilted(*parts: list[Shape | Group]) -> Group:
        return _turned(Group("head", tuple(item for part in parts for item in part)), head)

    groups = (
        Group("field", (*layout(head, role, colours), *motif(head, role, colours))),
        Group("halo", tuple(halo(head, role, colours))),
        Group("orbit", tuple(age(role, colours))),
        Group("motes", tuple(motes(head, role, colours))),
        tilted(behind(head, role, colours), back(head, role, colours)),
        Group("body", tuple(body(head, role, colours))),
        tilted(
            ears(head, role, colours),
            face(head, role, colours),
            front(head, role, colours),
            crest(head, role, colours),
            upon(head, role, colours),
        ),
        Group("border", tuple(border(role, colours))),
    )
    axis = head.y(0.40)
    origins = (
        ("head", *head.pivot),
        ("halo", 512.0, axis),
        ("orbit", 512.0, 428.0),
        ("blink", head.cx, head.y(head.eye)),
    )
    return Scene(background(role, colours), tuple(group for group in groups if group.items), origins)


def background_color(subject: Subject) -> str:
    """The colour a marketplace shows behind the picture: six hex digits, the same for every snapshot."""
    return ground_of(subject).hex()


def alt_text(subject: Subject, state: State) -> str:
    """One sentence for those who do not see the picture; plain text, not markup."""
    signals = ", ".join(f"{plain(name, 40).lower()} {plain(str(value), 40)}" for name, value in subject.signals[:6])
    order = sorted(range(len(DIALS)), key=lambda i: (-abs(state.bands[i] - 3), i))
    strong = [f"{'high' if state.bands[i] > 3 else 'low'} {DIALS[i].lower()}" for i in order[:3] if state.bands[i] != 3]
    mood = f"; {', '.join(strong)}" if strong else ""
    return f"Portrait of {plain(subject.name, 80)}: {signals}{mood}; {plain(state.stage, 40)}, level {state.level}."


def _turned(group: Group, head: Frame) -> Group:
    cos, sin = math.cos(head.tilt), math.sin(head.tilt)
    px, py = head.pivot[0] * UNIT, head.pivot[1] * UNIT

    def path(source: Path) -> Path:
        commands = []
        for kind, a in source.commands:
            moved: list[int] = []
            for i in range(0, len(a), 2):
                x, y = a[i] - px, a[i + 1] - py
                moved += (round(px + x * cos - y * sin), round(py + x * sin + y * cos))
            commands.append((kind, tuple(moved)))
        return Path(tuple(commands))

    def turn(item: Shape | Group) -> Shape | Group:
        if isinstance(item, Shape):
            return Shape(path(item.path), item.paint, item.opacity)
        return Group(
            item.name, tuple(turn(each) for each in item.items), None if item.clip is None else path(item.clip)
        )

    turned = turn(group)
    assert isinstance(turned, Group)
    return turned

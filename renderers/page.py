"""The animation page: the portrait's SVG in a self-contained HTML document that breathes, blinks and looks at you.

It asks the network for nothing: a meta CSP allows one style and one script, both by hash. Motion follows the traits
(tempo, intensity, steadiness, curiosity) and rests for readers who prefer reduced motion.
"""

import base64
import hashlib
from html import escape

from renderers.model import State
from renderers.scene import SIZE, UNIT, Scene
from renderers.svg import number
from renderers.texts import plain

_STYLE = """html,body{margin:0;height:100%;background:#GROUND;overflow:hidden}
svg{display:block;width:100vw;height:100vh;max-width:100vmin;max-height:100vmin;margin:auto;position:absolute;inset:0}
MOTION
@keyframes sway{0%,100%{transform:rotate(-SWAYdeg)}50%{transform:rotate(SWAYdeg)}}
@keyframes breathe{0%,100%{transform:scale(1)}50%{transform:scale(SWELL)}}
@keyframes turn{to{transform:rotate(360deg)}}
@keyframes drift{0%,100%{transform:translateY(-RISEpx)}50%{transform:translateY(RISEpx)}}
@keyframes blink{0%,94%,100%{transform:scaleY(1)}97%{transform:scaleY(.06)}}
@media (prefers-reduced-motion:reduce){g{animation:none!important}}"""

_SCRIPT = """(()=>{const still=matchMedia('(prefers-reduced-motion:reduce)'),g=[...document.querySelectorAll('g.gaze')];
if(!g.length)return;const reach=REACH;let x=0,y=0,tx=0,ty=0,running=false;
const step=()=>{x+=(tx-x)*.12;y+=(ty-y)*.12;
for(const e of g)e.style.transform=`translate(${x.toFixed(1)}px,${y.toFixed(1)}px)`;
running=Math.abs(tx-x)+Math.abs(ty-y)>.5;if(running)requestAnimationFrame(step)};
addEventListener('pointermove',e=>{if(still.matches)return;
const dx=e.clientX/innerWidth-.5,dy=e.clientY/innerHeight-.4;tx=dx*2*reach;ty=dy*1.2*reach;
if(!running){running=true;requestAnimationFrame(step)}});
})();"""


def page(scene: Scene, name: str, state: State, svg: str) -> str:
    """The HTML text round `svg`, the scene as `svg_text` gives it."""
    beat = 9.0 - state.band("Tempo") * 0.9
    strength = 0.4 + state.band("Intensity") * 0.12 - state.band("Steadiness") * 0.05
    motions = {
        "head": f"sway {number(beat)}s ease-in-out infinite",
        "hair": f"sway {number(beat)}s ease-in-out infinite",
        "halo": f"breathe {number(beat * 0.8)}s ease-in-out infinite",
        "orbit": f"turn {number(beat * 14)}s linear infinite",
        "motes": f"drift {number(beat * 0.9)}s ease-in-out infinite",
        "blink": f"blink {number(3.5 + beat * 0.35)}s linear infinite",
    }
    origins = {name: (x, y) for name, x, y in scene.origins}
    rules = []
    for name, motion in motions.items():
        x, y = origins.get(name, (SIZE / 2, SIZE / 2))
        rules.append(f"g.{name}{{animation:{motion};transform-origin:{number(x * UNIT)}px {number(y * UNIT)}px}}")
    ground = scene.background if isinstance(scene.background, str) else scene.background.stops[-1].colour
    style = (
        _STYLE.replace("GROUND", ground)
        .replace("MOTION", "\n".join(rules))
        .replace("SWAY", number(max(strength, 0.15)))
        .replace("SWELL", number(1.004 + state.band("Intensity") * 0.002))
        .replace("RISE", number(30 + state.band("Playfulness") * 15))
    )
    script = _SCRIPT.replace("REACH", number(20 + state.band("Curiosity") * 8))
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(plain(name, 120))}</title><style>{style}</style></head>"
        f"<body>{svg}<script>{script}</script></body></html>\n"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

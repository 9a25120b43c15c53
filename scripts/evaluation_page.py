"""The evaluation as one HTML page that needs nothing else: figures, plots in SVG, and the most similar pairs.

Plots are histograms and one table of bars; each has a text alternative, and colours follow the reader's light or dark
setting.
"""

from collections.abc import Iterable, Sequence
from html import escape

from personalities import BAND_WORDS, DIALS, Personality
from personalities.measures import Evaluation, Likeness, Measure
from personalities.measures.evaluation import MOST_BOILERPLATE, MOST_JACCARD

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 420, 200, 8, 42, 26

_STYLE = """
:root {
  color-scheme: light dark; --ink: light-dark(#1d2126, #e8e6e1); --faint: light-dark(#646c76, #9aa3ad);
  --paper: light-dark(#fbfaf7, #15181c); --card: light-dark(#fff, #1d2126);
  --line: light-dark(#dedbd3, #333a42); --bar: light-dark(#3d6f9e, #74a9d8);
  --limit: light-dark(#b3402a, #f08a70); --good: light-dark(#2b7a4b, #6fce94);
  --mark: light-dark(#fdeeb5, #4d4318);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 76rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.2rem; margin: 3rem 0 .75rem; }
p { margin: .4rem 0; max-width: 46rem; }
.faint, small { color: var(--faint); }
code { overflow-wrap: anywhere; }
.verdict { font-weight: 600; font-size: 1.1rem; }
.good { color: var(--good); }
.bad { color: var(--limit); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem; }
.scroll { overflow-x: auto; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(21rem, 1fr)); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { color: var(--faint); font-weight: 500; font-size: .85rem; }
td.number { text-align: right; white-space: nowrap; font-weight: 600; }
td.state { white-space: nowrap; }
.good, .bad { font-weight: 600; }
figure { margin: 0; }
figcaption { font-weight: 600; margin-bottom: .25rem; }
svg { width: 100%; height: auto; display: block; }
svg text { font: 13px system-ui, sans-serif; fill: var(--faint); }
.bar { fill: var(--bar); }
.limit { stroke: var(--limit); }
svg text.limit { fill: var(--limit); stroke: none; }
.axis { stroke: var(--line); }
.dial { display: grid; grid-template-columns: 7rem 1fr; gap: .25rem .75rem; align-items: center; }
.bands { display: flex; height: 1.5rem; border-radius: 4px; overflow: hidden; }
.bands span {
  overflow: hidden; white-space: nowrap; font-size: .72rem; line-height: 1.5rem; text-align: center;
  color: #fff;
}
details { margin: .6rem 0; }
summary { cursor: pointer; padding: .35rem 0; }
summary::marker { color: var(--faint); }
.pair { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); margin-top: .5rem; }
.text {
  white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/1.5 Georgia, serif; max-height: 34rem;
  overflow-y: auto;
}
mark { background: var(--mark); color: inherit; border-radius: 3px; }
@media (max-width: 40rem) {
  .detail, .unit { display: none; }
  th, td { padding: .45rem .3rem; }
  body { padding-top: 1.25rem; }
}
"""


def page(found: Evaluation, births: Sequence[Personality], documents: Sequence[str], command: str) -> str:
    """The whole page. `command` is what makes it again."""
    count = len(births)
    missed = sum(measure.passed is False for measure in found.measures)
    verdict = f"{missed} of the targets missed" if missed else "Every target is met"
    targets = [measure for measure in found.measures if measure.target]
    others = [measure for measure in found.measures if not measure.target]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{count:,} agents of {escape(births[0].pack)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{count:,} agents of {escape(births[0].pack)}</h1>",
            f'<p class="verdict {"bad" if missed else "good"}">{"✗" if missed else "✓"} {verdict}.</p>',
            f'<p class="faint">Made again by <code>{escape(command)}</code></p>',
            "<h2>Targets</h2>", _table(targets, True),
            *(_broken(found, births) if found.broken else ()),
            "<h2>How far apart they are</h2>", _plots(found),
            "<h2>Bands of the dials</h2>",
            '<p class="faint">How many agents are in each band at birth; the words are what marketplaces show.</p>',
            _bands(found.bands),
            "<h2>How they read</h2>", _table(others, False), _reading(found),
            "<h2>The ten most similar pairs</h2>",
            '<p class="faint">Marked: runs of five or more words that stand in both. Open one to compare.</p>',
            *(_pair(number, like, births, documents) for number, like in enumerate(found.pairs)),
            "</body></html>\n",
        ]
    )  # fmt: skip


def _table(measures: Sequence[Measure], judged: bool) -> str:
    head = '<th>Measure</th><th style="text-align:right">Found</th><th class="unit"></th>'
    head += "<th>Target</th><th></th>" if judged else ""
    rows = []
    for measure in measures:
        cells = f'<td>{escape(measure.title)}</td><td class="number">{measure.shown}</td>'
        cells += f'<td class="unit">{escape(measure.unit)}</td>'
        if judged:
            state = {True: ("good", "✓ met"), False: ("bad", "✗ missed"), None: ("faint", "not checked")}
            style, word = state[measure.passed]
            cells += f'<td class="state">{escape(measure.target)}</td><td class="state {style}">{word}</td>'
        rows.append(f'<tr>{cells}<td class="detail"><small>{escape(measure.detail)}</small></td></tr>')
    head += '<th class="detail"></th>'
    return f'<div class="card scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _plots(found: Evaluation) -> str:
    slots = [(str(differing), pairs) for differing, pairs in enumerate(found.slots.counts)][-6:]
    figures = [
        _figure("Slots that differ, over all pairs", _bars(slots, 2.0, "target: 13 or more")),
        _figure(
            "Similarity to the nearest neighbour",
            _histogram(found.jaccard, 0.0, 0.4, 40, MOST_JACCARD, "target: 0.30 at most"),
        ),
        _figure(
            "Boilerplate in a document, as a share",
            _histogram(found.boilerplate, 0.0, 0.4, 40, MOST_BOILERPLATE, "target, of the whole: 0.25 at most"),
        ),
    ]
    return f'<div class="grid">{"".join(figures)}</div>'


def _reading(found: Evaluation) -> str:
    ease = [value / 10 for value in found.prose.ease]
    lengths = [value / 10 for value in found.prose.sentence]
    spread = [value / 10 for value in found.prose.spread]
    figures = [
        _figure("Flesch reading ease of each document", _histogram(ease, 60, 100, 40)),
        _figure("Mean words a sentence", _histogram(lengths, 6, 14, 40)),
        _figure("Spread of sentence length, in words", _histogram(spread, 2, 10, 40)),
    ]
    return f'<div class="grid" style="margin-top:1rem">{"".join(figures)}</div>'


def _figure(title: str, drawing: str) -> str:
    return f'<figure class="card"><figcaption>{escape(title)}</figcaption>{drawing}</figure>'


def _histogram(
    values: Iterable[float], low: float, high: float, bins: int, limit: float | None = None, says: str = ""
) -> str:
    """Bars over low..high; what lies outside is counted in the outermost."""
    counts = [0] * bins
    for value in values:
        counts[max(0, min(bins - 1, int((value - low) / (high - low) * bins + 1e-9)))] += 1
    every = bins // 4
    labels = [f"{low + (high - low) * at / bins:.3g}" if at % every == 0 else "" for at in range(bins)]
    at = None if limit is None else (limit - low) / (high - low) * bins
    return _bars(list(zip(labels, counts, strict=True)), at, says, f"{high:.3g}")


def _bars(columns: Sequence[tuple[str, int]], limit: float | None = None, says: str = "", last: str = "") -> str:
    """Labelled columns with the largest count written out. `limit` is where a line stands, in columns from the left.
    With a `last` label, which stands at the right end, labels stand at the columns' left edges."""
    most = max(1, *(count for _, count in columns))
    wide = (_WIDTH - 2 * _LEFT) / len(columns)
    floor = _HEIGHT - _BOTTOM
    drawn = []
    for at, (label, count) in enumerate(columns):
        left, tall = _LEFT + at * wide, (floor - _TOP) * count / most
        if count:
            tall = max(tall, 1)
            size = f'x="{left + 0.5:.1f}" y="{floor - tall:.1f}" width="{wide - 1:.1f}" height="{tall:.1f}"'
            drawn.append(f'<rect class="bar" {size}><title>{escape(label)}: {count:,}</title></rect>')
        if label:
            place, anchor = (left, "start" if at == 0 else "middle") if last else (left + wide / 2, "middle")
            drawn.append(f'<text x="{place:.1f}" y="{floor + 17}" text-anchor="{anchor}">{escape(label)}</text>')
        if count == most:
            side = min(max(left + wide / 2, 32), _WIDTH - 32)
            drawn.append(f'<text x="{side:.1f}" y="{floor - tall - 5:.1f}" text-anchor="middle">{count:,}</text>')
    if last:
        drawn.append(f'<text x="{_WIDTH - _LEFT}" y="{floor + 17}" text-anchor="end">{escape(last)}</text>')
    drawn.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _LEFT}" y1="{floor}" y2="{floor}"/>')
    if limit is not None:
        x = _LEFT + limit * wide
        anchor, text = ("end", x - 5) if x > _WIDTH / 2 else ("start", x + 5)
        drawn.append(f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{floor}" stroke-dasharray="4 3"/>')
        drawn.append(f'<text class="limit" x="{text:.1f}" y="15" text-anchor="{anchor}">{escape(says)}</text>')
    told = ", ".join(f"{label} {count}" for label, count in columns if label)
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(told)}">{"".join(drawn)}</svg>'


def _bands(counts: Sequence[Sequence[int]]) -> str:
    rows = []
    for dial, row in zip(DIALS, counts, strict=True):
        total = max(1, sum(row))
        parts = [
            f'<span style="flex:{count};background:hsl(212 {32 + 4 * number}% {56 - 5 * number}%)" '
            f'title="{word}: {count:,}">{word if count * 12 > total else ""}</span>'
            for number, (word, count) in enumerate(zip(BAND_WORDS[dial], row, strict=True))
        ]
        rows.append(f'<span>{dial}</span><div class="bands">{"".join(parts)}</div>')
    return f'<div class="card dial">{"".join(rows)}</div>'


def _broken(found: Evaluation, births: Sequence[Personality]) -> Iterable[str]:
    yield "<h2>Broken rules</h2>"
    yield '<ul class="card" style="padding-left:2rem">'
    for at, sentence in found.broken:
        yield f"<li>{escape(births[at].name)} ({births[at].token_id}): {escape(sentence)}</li>"
    yield "</ul>"


def _pair(number: int, like: Likeness, births: Sequence[Personality], documents: Sequence[str]) -> str:
    sides = []
    for at, spans in ((like.pair.left, like.left), (like.pair.right, like.right)):
        sides.append(f'<div class="card text">{_marked(documents[at], spans)}</div>')
    names = " and ".join(escape(f"{births[at].name} ({births[at].token_id})") for at in like.pair[1:])
    share = sum(end - start for start, end in like.left) / max(1, len(documents[like.pair.left]))
    small = f"<small>{len(like.left)} passages, {share:.0%} of the left</small>"
    title = f"<summary><strong>{like.pair.jaccard:.3f}</strong> {names} {small}</summary>"
    return f'<details{"" if number else " open"}>{title}<div class="pair">{"".join(sides)}</div></details>'


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    parts, done = [], 0
    for start, end in spans:
        parts.append(f"{escape(text[done:start])}<mark>{escape(text[start:end])}</mark>")
        done = end
    return "".join([*parts, escape(text[done:])])

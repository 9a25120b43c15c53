"""The table of all rules in docs/consumers.md, generated from the data."""

from collections.abc import Iterable

from app.consumers.rules import Call, Consumer, consumers

START, END = "<!-- rules: generated -->", "<!-- /rules -->"


def rules_table(among: Iterable[Consumer] | None = None) -> str:
    """Markdown: a heading, a sentence and a table for each consumer."""
    return "\n".join(_section(consumer) for consumer in (consumers() if among is None else among))


def with_table(text: str) -> str:
    """`text` with everything between the two markers replaced by the table. Raises ValueError without markers."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"the text has no {START} … {END}")
    return f"{before}{START}\n\n{rules_table()}\n{END}{after}"


def _section(consumer: Consumer) -> str:
    applies = f" Applies when `{_call(consumer.applies_when)}`, or when named." if consumer.applies_when else ""
    lines = [
        f"### {consumer.name} (`{consumer.slug}`)",
        "",
        f"{consumer.about} Reads: {', '.join(consumer.reads)}.{applies}",
        "",
        "| rule | § | severity | demands | check | why | source |",
        "|---|---|---|---|---|---|---|",
    ]
    for rule in consumer.rules:
        call = _call(rule.call) + (f" when {_call(rule.applies_when)}" if rule.applies_when else "")
        texts = [text.replace("<", "&lt;") for text in (rule.title, rule.why, rule.source)]
        cells = [f"`{rule.id}`", rule.section, rule.severity, texts[0], f"`{call}`", *texts[1:]]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join([*lines, ""])


def _call(call: Call) -> str:
    return " ".join([call.check, *(f"{name}={_value(value)}" for name, value in call.parameters.items())])


def _value(value: object) -> str:
    if not isinstance(value, tuple):
        return str(value)
    # Alternatives inside one item are joined by a slash, long lists are shortened: the data file has them all.
    items = ["/".join(item) if isinstance(item, tuple) else str(item) for item in value]
    return ",".join(items[:4]) + (f",… ({len(items)})" if len(items) > 4 else "")

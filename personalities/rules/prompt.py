"""The rules as instructions to a model that writes or polishes texts."""

from personalities.pack import Pack
from personalities.rules import catalog


def rules_for_prompt(pack: Pack) -> str:
    """Plain text: one line per rule with its id, then what the pack's signals add. The ids are those that
    `violations` reports, so that what comes back can be answered by id."""
    lines = ["Write within these rules. Each text is checked against every one of them."]
    lines += [f"{rule.id}. {rule.instead} ({rule.why})" for rule in catalog.rules()]
    lines.append("The section Self-knowledge is for the facts of birth; AN and ERA rules do not apply there.")
    scope = pack.scope
    signals = {signal.id: signal for signal in pack.signals}
    for key in scope.labels:
        labels = ", ".join(option.label for option in signals[key].options)
        lines.append(f"AN-6 here: never used as a label for oneself, from {signals[key].title}: {labels}.")
    if scope.unspoken:
        titles = ", ".join(signals[key].title for key in scope.unspoken)
        lines.append(f"AN-4 here: named in Self-knowledge only: {titles}.")
    for value, fields in scope.banned.items():
        lines.append(f"ERA here: the {signals[scope.era].title} {value} knows nothing of {', '.join(fields)}.")
    if scope.tradition:
        title = signals[scope.tradition].title
        lines.append(f"AN-3 here: {title} is a way of thinking; avoid the stock phrases of its tradition.")
    return "\n".join(lines) + "\n"

"""One set of writing rules, as data: how agents do not talk, and what no text may hold."""

from personalities.rules.catalog import Rule, rule, rules
from personalities.rules.prompt import rules_for_prompt
from personalities.rules.scanning import Violation, violations

__all__ = ["Rule", "Violation", "rule", "rules", "rules_for_prompt", "violations"]

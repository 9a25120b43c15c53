"""Requests made from our own OpenAPI description: every answer is one that the description allows."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from tests.api.conftest import Site

QUICK, FULL = 15, 400
"""Requests an operation."""


def fuzz(site: Site, examples: int) -> Iterator[str]:
    """Send generated requests to every documented operation; yields the operations. Raises what schemathesis finds."""
    schema = schemathesis.openapi.from_url(f"{site.server.url}/openapi.json")
    schema.config.generation.update(modes=list(schemathesis.GenerationMode))
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result.err()
        operation = result.ok()

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @hypothesis.seed(20_261_121)
        @hypothesis.given(case=operation.as_strategy())
        def attack(case: schemathesis.Case[Any]) -> None:
            answer = case.call(base_url=site.server.url, timeout=20)
            case.validate_response(
                answer, checks=[not_a_server_error, content_type_conformance, status_code_conformance]
            )
            assert "Traceback" not in answer.text

        attack()
        yield operation.label


def test_documented_operations_answer_as_documented(site: Site) -> None:
    assert len(list(fuzz(site, QUICK))) >= 10
    assert "Traceback" not in site.server.log


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_documented_operations_answer_as_documented_to_many_requests(site: Site) -> None:
    assert len(list(fuzz(site, FULL))) >= 10
    assert "Traceback" not in site.server.log

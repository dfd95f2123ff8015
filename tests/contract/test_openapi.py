"""The committed OpenAPI documents are those of the code: an interface never changes unseen."""

import pytest

from infra.dev.contracts import SERVICES, path_of, text_of


@pytest.mark.parametrize("service", SERVICES)
def test_the_committed_document_is_current(service: str) -> None:
    assert path_of(service).read_text() == text_of(service), "run `make fix` and look at the difference"

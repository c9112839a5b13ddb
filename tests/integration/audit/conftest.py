"""A shop of each test's own whose log is sealed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.audit.sealed import SealedShop, open_sealed_shop


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[SealedShop]:
    with open_sealed_shop(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def sealed(shop: SealedShop) -> SealedShop:
    """The same with some hundred events under several heads."""
    shop.act(20)
    shop.refuse()
    shop.seal()
    shop.act(20)
    shop.seal()
    shop.act(5)
    shop.seal()
    return shop

"""The tree is that of RFC 6962, by the test vectors that its implementations share."""

from typing import Final

import pytest

from domain.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hash,
    proves_consistency,
    proves_inclusion,
)

# Of google/certificate-transparency, as also transparency-dev/merkle has them.
LEAVES: Final = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS: Final = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES: Final = [leaf_hash(leaf) for leaf in LEAVES]
INCLUSIONS: Final = {  # (index, size): the path
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCIES: Final = {  # (first, second): the path
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def perfect(level: int, index: int) -> bytes:
    return Frontier().extended(HASHES[index << level : (index + 1) << level]).root


@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_that_of_the_test_vectors(size: int) -> None:
    assert Frontier().extended(HASHES[:size]).root.hex() == ROOTS[size - 1]


def test_an_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert Frontier().root == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("place", "path"), INCLUSIONS.items(), ids=str)
def test_paths_of_inclusion_are_those_of_the_test_vectors(
    place: tuple[int, int], path: list[str]
) -> None:
    index, size = place
    root = bytes.fromhex(ROOTS[size - 1])

    found = inclusion_path(index, size, perfect)

    assert [step.hex() for step in found] == path
    assert proves_inclusion(HASHES[index], index, size, path=found, root=root)


@pytest.mark.parametrize(("sizes", "path"), CONSISTENCIES.items(), ids=str)
def test_paths_of_consistency_are_those_of_the_test_vectors(
    sizes: tuple[int, int], path: list[str]
) -> None:
    first, second = ((size, bytes.fromhex(ROOTS[size - 1])) for size in sizes)

    found = consistency_path(*sizes, perfect)

    assert [step.hex() for step in found] == path
    assert proves_consistency(first, second, found)


@pytest.mark.parametrize("place", [(-1, 8), (8, 8), (0, 0)])
def test_what_is_not_in_a_tree_has_no_path(place: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="there is no leaf"):
        inclusion_path(*place, perfect)
    assert not proves_inclusion(HASHES[0], *place, path=[], root=HASHES[0])


@pytest.mark.parametrize("sizes", [(0, 8), (5, 4)])
def test_no_tree_begins_with_an_empty_or_a_larger_one(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="does not begin"):
        consistency_path(*sizes, perfect)
    assert not proves_consistency((sizes[0], EMPTY_ROOT), (sizes[1], EMPTY_ROOT), [])

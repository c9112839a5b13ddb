"""Laws of the Merkle tree, against the definition of RFC 6962 written down as it stands there."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from domain.audit.merkle import (
    Frontier,
    Node,
    consistency_path,
    frontier_at,
    inclusion_path,
    proves_consistency,
    proves_inclusion,
)

sizes = st.integers(min_value=1, max_value=70)


def hashes(count: int) -> list[bytes]:
    return [sha256(f"leaf {number}".encode()).digest() for number in range(count)]


def defined(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, over the hashes of leaves."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + defined(leaves[:split]) + defined(leaves[split:])).digest()


def perfect_of(leaves: list[bytes], level: int, index: int) -> bytes:
    part = leaves[index << level : (index + 1) << level]
    assert len(part) == 1 << level
    return defined(part)


@given(st.lists(st.integers(min_value=0, max_value=40), max_size=8))
def test_a_tree_that_grows_in_parts_has_the_root_and_nodes_of_the_whole(parts: list[int]) -> None:
    leaves = hashes(sum(parts))
    frontier, nodes, at = Frontier(), list[Node](), 0
    for part in parts:
        frontier = frontier.extended(leaves[at : at + part], nodes.append)
        at += part
        assert (frontier.size, frontier.root) == (at, defined(leaves[:at]))
        assert frontier == frontier_at(at, lambda level, index: perfect_of(leaves, level, index))

    assert sorted((one.level, one.index) for one in nodes) == [
        (level, index) for level in range(1, 10) for index in range(at >> level)
    ]
    assert all(one.hash == perfect_of(leaves, one.level, one.index) for one in nodes)


@given(sizes, st.data())
def test_every_leaf_is_proved_and_no_other_leaf_place_or_root(
    size: int, data: st.DataObject
) -> None:
    leaves = hashes(size)
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    path = inclusion_path(index, size, lambda level, at: perfect_of(leaves, level, at))
    root = defined(leaves)

    assert proves_inclusion(leaves[index], index, size, path=path, root=root)

    other = sha256(b"another").digest()
    assert not proves_inclusion(other, index, size, path=path, root=root)
    assert not proves_inclusion(leaves[index], index, size, path=path, root=other)
    assert not proves_inclusion(leaves[index], index, size, path=[*path, other], root=root)
    for wrong in range(size):
        if wrong != index:
            assert not proves_inclusion(leaves[index], wrong, size, path=path, root=root)
    if path:
        assert not proves_inclusion(leaves[index], index, size, path=path[:-1], root=root)
        spoiled = data.draw(st.integers(min_value=0, max_value=len(path) - 1))
        changed = [other if at == spoiled else step for at, step in enumerate(path)]
        assert not proves_inclusion(leaves[index], index, size, path=changed, root=root)


@given(sizes, sizes)
def test_every_beginning_of_a_tree_is_proved_and_no_other_tree(first: int, second: int) -> None:
    first, second = sorted((first, second))
    leaves = hashes(second)
    path = consistency_path(first, second, lambda level, at: perfect_of(leaves, level, at))
    old, new = (first, defined(leaves[:first])), (second, defined(leaves))

    assert proves_consistency(old, new, path)

    other = sha256(b"another").digest()
    assert not proves_consistency((first, other), new, path)
    assert not proves_consistency(old, (second, other), path)
    assert not proves_consistency(old, new, [*path, other])
    for spoiled in range(len(path)):
        changed = [other if at == spoiled else step for at, step in enumerate(path)]
        assert not proves_consistency(old, new, changed)
    if path:
        assert not proves_consistency(old, new, path[:-1])

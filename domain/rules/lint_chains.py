"""Lint: rules that can lead to each other in a row longer than a chain may be, and in no circle."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from domain.errands import go_on
from domain.paths.findings import Finding
from domain.paths.path import OrderPath
from domain.rules.findings import Told
from domain.rules.judge import MAX_CHAIN
from domain.rules.lint_circles import led_to
from domain.rules.rule import Rule

MAX_CHAINS = 100  # that are told of
MAX_STEPS = 5_000  # of a search; only among circles it may take so many, and these are told of

Links = Mapping[str, Sequence[str]]  # rule -> those that lead to it, or that it leads to


def list_long_chains(rules: Sequence[Rule], paths: Collection[OrderPath]) -> Iterator[Told]:
    """Give chains of different live rules, until each rule that stands in one was named."""
    live = [rule for rule in rules if rule.mode == "live"]
    if len(live) <= MAX_CHAIN:
        return
    search = _Search(led_to(live, paths, but_for_the_clock=True))
    told, named = 0, set[str]()
    for rule in live:
        if rule.rule in named or told == MAX_CHAINS:
            continue
        if chain := search.chain_through(rule.rule):
            told += 1
            named.update(chain)
            yield Told(chain, _finding(chain))


class _Search:
    """A search for rules in a row, from one of them to both sides, with an end."""

    def __init__(self, linked: Mapping[str, Collection[str]]) -> None:
        self._before = {name: [one for one in linked if one in linked[name]] for name in linked}
        self._behind = {name: [one for one in linked if name in linked[one]] for name in linked}
        self._reach_back, self._reach_on = _reaches(self._before), _reaches(self._behind)
        self._left = MAX_STEPS

    def chain_through(self, name: str) -> Sequence[str]:
        """Give different rules in a row, more than a chain may have and all that go along."""
        go_on()
        self._left = MAX_STEPS
        for place in range(MAX_CHAIN + 1):
            if name in self._reach_back[place] and name in self._reach_on[MAX_CHAIN - place]:
                for chain in self.led_to((name,), place):
                    for whole in self.leading(chain, MAX_CHAIN - place):
                        return self.lengthened(whole)
        return ()

    def led_to(self, chain: tuple[str, ...], more: int) -> Iterator[tuple[str, ...]]:
        """Give each way to begin a chain so many rules earlier."""
        if not more:
            yield chain
            return
        for name in self._before[chain[0]]:
            if self._may_go(name, chain, self._reach_back[more - 1]):
                yield from self.led_to((name, *chain), more - 1)

    def leading(self, chain: tuple[str, ...], more: int) -> Iterator[tuple[str, ...]]:
        """Give each way to go on with a chain for so many rules."""
        if not more:
            yield chain
            return
        for name in self._behind[chain[-1]]:
            if self._may_go(name, chain, self._reach_on[more - 1]):
                yield from self.leading((*chain, name), more - 1)

    def lengthened(self, chain: tuple[str, ...]) -> tuple[str, ...]:
        """Go on at both ends for as long as there is another rule."""
        while ahead := [one for one in self._before[chain[0]] if one not in chain]:
            chain = (ahead[0], *chain)
        while then := [one for one in self._behind[chain[-1]] if one not in chain]:
            chain = (*chain, then[0])
        return chain

    def _may_go(self, name: str, chain: Sequence[str], reaching: Collection[str]) -> bool:
        self._left -= 1
        return self._left > 0 and name in reaching and name not in chain


def _reaches(links: Links) -> Sequence[Collection[str]]:
    """Name the rules from which one can go on so many times, for each number, from none on."""
    found = [{*links}]
    for _ in range(MAX_CHAIN):
        found.append({name for name, ones in links.items() if not found[-1].isdisjoint(ones)})
    return found


def _finding(chain: Sequence[str]) -> Finding:
    return Finding(
        code="rules_in_long_chain",
        severity="warning",
        place=("then",),
        message=f"in a row: {' > '.join(chain)}",
        why=f"after {MAX_CHAIN} rules in a row the next one does nothing, and an alert says so",
        needed="let one rule do what several of them do, or wait for silence, a time limit or a"
        " fixed hour: there a row begins anew",
    )

"""Every caller gets the answer once, from whatever thread or event loop it asked."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, cast
from uuid import UUID, uuid4

import pytest

from domain.messages import Command, Outcome
from domain.refusals import CommandIdReused, InfraError
from services.command_queue import MAX_WAITING, CommandQueue, Pending, Waiter
from tests.support.examples import NOW
from tests.support.loads import note

ORDER: Final = uuid4()
TEMPLATE: Final = note(ORDER)


def pending(command_id: UUID | None = None, body: bytes = b"body") -> Pending:
    command = TEMPLATE.model_copy(update={"command_id": command_id or uuid4()})
    return Pending(command, body, NOW, 0.0, (f"order-{ORDER}",))


def outcome(one: Pending) -> Outcome:
    return Outcome(one.command.command_id, "nothing")


def put(queue: CommandQueue, *many: Pending) -> list[Future[Outcome]]:
    waiters: list[Future[Outcome]] = [Future() for _ in many]
    for one, waiter in zip(many, waiters, strict=True):
        queue.put(one, waiter)
    return waiters


def test_commands_are_taken_in_order_and_no_more_than_asked_for() -> None:
    queue = CommandQueue()
    many = [pending() for _ in range(5)]
    put(queue, *many)

    assert queue.take(3) == many[:3]
    assert queue.take(3) == many[3:]


def test_commands_that_are_put_back_come_first_in_their_order() -> None:
    queue = CommandQueue()
    many = [pending() for _ in range(4)]
    put(queue, *many)

    queue.put_back(queue.take(2))

    assert queue.take(9) == many


def test_who_waits_for_commands_is_woken_by_the_next() -> None:
    queue = CommandQueue()
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(queue.take, 9)
        one = pending()
        put(queue, one)

        assert taking.result(30) == [one]


def test_equal_ids_wait_and_fly_together() -> None:
    queue = CommandQueue()
    one = pending()
    again = pending(one.command.command_id)
    waiting = put(queue, one, again)
    (flying,) = queue.take(9)
    later = put(queue, pending(one.command.command_id))
    queue.complete([(flying, outcome(one))])

    told = [waiter.result(0) for waiter in waiting + later]
    assert told == [outcome(one), *[replace(outcome(one), repeated=True)] * 2]
    assert put(queue, pending(one.command.command_id))[0].done() is False  # A new one.


def test_an_id_that_is_on_its_way_with_another_body_is_refused_at_once() -> None:
    queue = CommandQueue()
    one = pending()
    put(queue, one)

    with pytest.raises(CommandIdReused):
        put(queue, pending(one.command.command_id, b"another"))


def test_beyond_the_limit_callers_are_told_to_come_back_later() -> None:
    queue = CommandQueue()
    one = pending()
    put(queue, one)
    waiter: Future[Outcome] = Future()
    for _ in range(MAX_WAITING - 1):
        queue.put(Pending(cast(Command, Numbered(uuid4())), b"", NOW, 0.0, ()), waiter)

    with pytest.raises(InfraError) as caught:
        put(queue, pending())
    put(queue, pending(one.command.command_id))  # It takes no room.
    queue.take(1)
    put(queue, pending())

    assert caught.value.code == "overloaded"


@dataclass
class Numbered:
    """All that the queue looks at in a command; 50,000 real ones would take seconds."""

    command_id: UUID


def test_a_closed_queue_takes_nothing_new_and_gives_what_waits() -> None:
    queue = CommandQueue()
    one = pending()
    put(queue, one)
    queue.close()

    with pytest.raises(InfraError) as caught:
        put(queue, pending())
    joined = put(queue, pending(one.command.command_id))

    assert caught.value.code == "pipeline_closed"
    assert queue.take(9) == [one]
    assert queue.take(9) == []
    queue.complete([(one, outcome(one))])
    assert joined[0].result(0) == replace(outcome(one), repeated=True)


def test_an_error_is_raised_at_every_caller() -> None:
    queue = CommandQueue()
    one = pending()
    waiters = put(queue, one, pending(one.command.command_id))
    queue.complete([(one, InfraError("database_unavailable", "gone"))])

    assert [type(waiter.exception(0)) for waiter in waiters] == [InfraError, InfraError]


def test_a_thread_that_gave_up_does_not_disturb_the_others() -> None:
    queue = CommandQueue()
    first, second = pending(), pending()
    waiters = put(queue, first, second)
    assert waiters[0].cancel()

    queue.complete([(first, outcome(first)), (second, outcome(second))])
    queue.complete([(second, outcome(second))])  # Twice is once.

    assert waiters[0].cancelled()
    assert waiters[1].result(0) == outcome(second)


class CountedLoop(asyncio.SelectorEventLoop):
    """Counts how often it is woken from another thread."""

    wakeups = 0

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        if getattr(callback, "__name__", "") == "_settle_all":
            self.wakeups += 1
        return super().call_soon_threadsafe(callback, *args, **kwargs)


def in_a_loop(run: Callable[[CountedLoop], Any]) -> CountedLoop:
    loop = CountedLoop()
    try:
        loop.run_until_complete(run(loop))
    finally:
        loop.close()
    return loop


def test_each_event_loop_is_woken_once_for_each_batch() -> None:
    queue = CommandQueue()

    async def ask(loop: CountedLoop) -> None:
        many = [pending() for _ in range(100)]
        waiters: list[Waiter] = [loop.create_future() for _ in many]
        for one, waiter in zip(many, waiters, strict=True):
            queue.put(one, waiter)
        taken = queue.take(100)
        with ThreadPoolExecutor(1) as pool:
            await loop.run_in_executor(pool, queue.complete, [(o, outcome(o)) for o in taken])
        answers = await asyncio.gather(*waiters)  # type: ignore[arg-type]
        assert answers == [outcome(one) for one in many]

    assert in_a_loop(ask).wakeups == 1


def test_the_commands_of_one_turn_of_a_loop_are_queued_together_at_its_end() -> None:
    queue = CommandQueue()
    before, one, two, three = pending(), pending(), pending(), pending()
    wrong = Pending(one.command, b"another", NOW, 0.0, one.reads)
    answers: list[object] = []

    async def ask(loop: CountedLoop) -> None:
        waiters = [loop.create_future() for _ in range(4)]
        for which, waiter in zip((one, two, three, wrong), waiters, strict=True):
            queue.put_soon(which, waiter)
        queue.put(before, Future())
        assert queue.take(9) == [before]  # Nobody else is there yet.
        await asyncio.sleep(0)
        queue.complete([(each, outcome(each)) for each in queue.take(9)])
        answers.extend(await asyncio.gather(*waiters, return_exceptions=True))

    in_a_loop(ask)

    assert answers[:3] == [outcome(each) for each in (one, two, three)]
    assert isinstance(answers[3], CommandIdReused)


def test_two_loops_are_woken_once_each() -> None:
    queue = CommandQueue()
    one, other = CountedLoop(), CountedLoop()
    many = [pending() for _ in range(10)]
    waiters = [(one, other)[n % 2].create_future() for n in range(10)]
    for command, waiter in zip(many, waiters, strict=True):
        queue.put(command, waiter)

    queue.complete([(command, outcome(command)) for command in queue.take(10)])

    for loop in (one, other):
        mine = [waiter for waiter in waiters if waiter.get_loop() is loop]
        assert len(loop.run_until_complete(asyncio.gather(*mine))) == 5
        assert loop.wakeups == 1
        loop.close()


def test_a_task_that_was_cancelled_does_not_disturb_the_others() -> None:
    queue = CommandQueue()

    async def ask(loop: CountedLoop) -> None:
        many = [pending(), pending()]
        waiters: list[asyncio.Future[Outcome]] = [loop.create_future() for _ in many]
        for one, waiter in zip(many, waiters, strict=True):
            queue.put(one, waiter)
        waiters[0].cancel()
        queue.complete([(one, outcome(one)) for one in queue.take(2)])
        assert await waiters[1] == outcome(many[1])
        assert waiters[0].cancelled()

    in_a_loop(ask)


def test_a_loop_that_was_closed_does_not_disturb_the_others() -> None:
    queue = CommandQueue()
    gone = CountedLoop()
    one, other = pending(), pending()
    queue.put(one, gone.create_future())
    (thread,) = put(queue, other)
    gone.close()

    queue.complete([(one, outcome(one)), (other, outcome(other))])

    assert thread.result(0) == outcome(other)


def test_a_batch_holds_so_many_bytes_and_one_larger_command_goes_alone() -> None:
    queue = CommandQueue()
    for size in (6, 5, 30, 1):
        pending = Pending(cast(Command, Numbered(uuid4())), b"", NOW, 0.0, (), size=size)
        queue.put(pending, Future())

    sizes = [[pending.size for pending in queue.take(256, most_bytes=12)] for _ in range(3)]

    assert sizes == [[6, 5], [30], [1]]

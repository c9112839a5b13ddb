"""Sessions that are lent again and again, while servers come and go."""

from infra.postgres import Session, connect


def test_a_session_that_the_server_ended_while_idle_is_opened_again(database_url: str) -> None:
    session = Session(database_url)
    with session.connection() as connection:
        ended = connection.info.backend_pid
    with connect(database_url) as other:
        other.execute("select pg_terminate_backend(%s, 10000)", (ended,))

    with session.connection() as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        assert connection.info.backend_pid != ended
    session.close()


def test_a_session_stays_the_same_as_long_as_it_stands(database_url: str) -> None:
    session = Session(database_url)

    with session.connection() as connection:
        first = connection.info.backend_pid
        connection.execute("do $$ begin raise notice 'unasked'; end $$")
    with session.connection() as connection:
        assert connection.info.backend_pid == first
    session.close()

"""A server for tests as a program: `python -m tests.support.serving_process PORT`."""

import sys

from services.api.app import create_app
from services.api.limits import Limits
from services.api.lines import lines_that_fit
from services.api.serving import listen, serve
from services.bootstrap import open_system
from services.cli.foreground import leave_at_once, signalled
from tests.support.doorkeeper import Doorkeeper


def main() -> None:
    """Serve until SIGTERM."""
    stop = signalled(25.0)
    limits = Limits(lines=lines_that_fit(Limits().lines))
    with open_system() as system:
        app = create_app(system, Doorkeeper(), limits)
        serve(app, listen("127.0.0.1", int(sys.argv[1])), stop)
    leave_at_once(0)


if __name__ == "__main__":
    main()

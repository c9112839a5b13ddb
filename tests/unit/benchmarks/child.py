"""A process that measures nothing, as well or as badly as its wish says."""

import sys
from threading import Event as Signal

from benchmarks.children import answer, wait_for_start, wish


def main() -> None:
    asked = wish()
    if asked["what"] == "die":
        sys.exit(1)
    wait_for_start()
    if asked["what"] == "hang":
        Signal().wait()
    answer({"event": asked["what"]})


if __name__ == "__main__":
    main()

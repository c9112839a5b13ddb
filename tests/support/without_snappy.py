"""`orderpath commands` where nothing is installed that unpacks snappy."""

import sys

sys.modules["snappy"] = None  # type: ignore[assignment]  # To import it fails from here on.

from consumers.command_worker import main  # noqa: E402

if __name__ == "__main__":
    main()

"""Does the wheel work where nothing of the checkout is near? `make wheel-check` asks.

Builds it, installs it with the locked versions of its own dependencies in a new environment, and
runs the console script from another folder with a data folder of its own. Leaves nothing behind.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
LONGEST_STEP_SECONDS: Final = 900
INFRASTRUCTURE: Final = 3  # exit code
PIP: Final = ("-m", "pip", "--quiet", "--disable-pip-version-check")


def main() -> None:
    """Raise CalledProcessError or AssertionError at the first step that fails."""
    with tempfile.TemporaryDirectory(prefix="orderpath-wheel-") as name:
        folder = Path(name)
        wheel = build_wheel(folder)
        python = install(wheel, folder)
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        orderpath = python.with_name("orderpath")
        run(orderpath, "--help", cwd=elsewhere)
        run(orderpath, "path", "schema", cwd=elsewhere)
        run(orderpath, "demo", cwd=elsewhere)
        ask_for_the_extra(orderpath, elsewhere)
    print(f"{wheel.name} works on its own.")  # noqa: T201


def build_wheel(folder: Path) -> Path:
    built = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    run(sys.executable, *PIP, *built, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """The lock as constraints: what the wheel forgot to ask for is then missing, as it should."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    locked = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line.removesuffix(" \\") for line in locked if line[:1].isalnum()]
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(pins))
    run(python, *PIP, "install", wheel, "-c", constraints, cwd=folder)
    return python


def ask_for_the_extra(orderpath: Path, cwd: Path) -> None:
    """Raise AssertionError unless a local Kafka is refused with what to install, not fetched."""
    cache = cwd / "cache"
    done = subprocess.run(
        (orderpath, "kafka", "up"),
        cwd=cwd,
        env=environment(cwd) | {"XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_STEP_SECONDS,
    )
    said = done.stderr
    assert done.returncode == INFRASTRUCTURE, said
    assert "broker_not_installed" in said, said
    assert "pip install 'orderpath[local-kafka]'" in said, said
    assert not cache.exists()


def run(*command: str | Path, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, env=environment(cwd), check=True, timeout=LONGEST_STEP_SECONDS)


def environment(cwd: Path) -> dict[str, str]:
    """Give ours without what points to the checkout, and with a data folder of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ORDERPATH_", "PYTHON", "VIRTUAL_ENV"))
    }
    return kept | {"ORDERPATH_DATA_DIR": str(cwd / "data")}


if __name__ == "__main__":
    main()

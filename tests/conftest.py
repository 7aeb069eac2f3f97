"""Options of the whole suite, and the lessons, which several modules look at."""

from __future__ import annotations

import os
import signal

import pytest

from lessons import Lesson, teach
from recorded import Cases


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--draw", action="store_true", help="draw the lessons' lanes in tests/snapshots anew")


def pytest_configure() -> None:
    # Without a buffer nothing can be lost in one: what some containers set would hide that from tests of prints
    os.environ.pop("PYTHONUNBUFFERED", None)
    # What we start speaks as it does for a user of this locale, and lessons have words that ASCII has not
    os.environ.pop("PYTHONUTF8", None)
    os.environ.pop("PYTHONCOERCECLOCALE", None)
    os.environ.pop("PYTHONIOENCODING", None)
    # A shell starts what it runs in the background deaf to Ctrl+C, and children inherit that: some tests press it
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # So does nohup with SIGHUP. A handler is inherited by nobody: we stay as deaf, and our children hear as ever
    for number in (signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.fixture(scope="session")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lesson]:
    """All lessons, run once for the whole suite."""
    return teach(tmp_path_factory.mktemp("lessons"))


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """The programs of `tests/cases`, each recorded once when it is asked for."""
    return Cases(tmp_path_factory.mktemp("cases"))

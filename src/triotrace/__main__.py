"""`python -m triotrace`."""

from __future__ import annotations

import sys

from triotrace.cli import main

if __name__ == "__main__":
    sys.exit(main())

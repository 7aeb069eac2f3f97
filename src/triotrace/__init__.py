"""See structured concurrency."""

"""Exports: a Timeline becomes text or bytes, one module a format. No I/O here."""

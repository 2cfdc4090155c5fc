"""Statements that the emulator runs in another way than BigQuery does."""


def install() -> None:
    pass

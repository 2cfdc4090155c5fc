"""Statements that the emulator runs in another way than BigQuery, or not at all."""

import re

import bqemulator.jobs.executor as executor
import bqemulator.storage.arrow_bridge as bridge
import bqemulator.storage.type_map as types
import pyarrow
from bqemulator.catalog import ddl_sync
from bqemulator.domain.errors import InvalidQueryError, ResourceRef, resource_not_found
from bqemulator.storage.sql_identifiers import quoted_table_ref

# DuckDB's decimals have 38 digits, of which the emulator takes more than 9 after the point for a BIGNUMERIC.
BIGNUMERIC = "DECIMAL(38, 18)"

NAME = r"`((?:[^`\\]|\\.)*)`"
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|" + NAME, re.S)
ALTER = re.compile(rf"\s*ALTER TABLE (IF EXISTS )?{NAME}\.{NAME}\s+(.*)", re.S)
ADD = re.compile(rf"ADD COLUMN (IF NOT EXISTS )?{NAME} (\w+)(?:\s+OPTIONS\(.*\))?", re.S)
RENAME = re.compile(rf"RENAME COLUMN (IF EXISTS )?{NAME} TO {NAME}")
WIDEN = re.compile(rf"ALTER COLUMN (IF EXISTS )?{NAME} SET DATA TYPE (\w+)")
DROP = re.compile(rf"DROP COLUMN (IF EXISTS )?{NAME}")
# Types that a column may have after each.
WIDENINGS = {"BIGINT": {"BIGINT", BIGNUMERIC, "DECIMAL(38, 9)", "DOUBLE"}, "DECIMAL(38,9)": {BIGNUMERIC, "DOUBLE"}}
MERGE = re.compile(r"\s*MERGE INTO (\S+) AS (\S+) USING (\(.*\)) AS (\S+)\s+ON (.*?)\s+WHEN ", re.S)
# Reserved words that the emulator takes for names, of those that no statement of ours has.
RESERVED = re.compile(r"(?<![@\w])(ASSERT_ROWS_MODIFIED|CONTAINS|DEFINE|ENUM|HASH|LOOKUP|NEW|PROTO|TREAT)\b", re.I)
CONDITION_MISSING = re.compile(r"\s*(UPDATE|DELETE)\b(?!.*\bWHERE\b)", re.S | re.I)


def unquoted(sql: str, change) -> str:
    """The statement with its parts outside of texts and names changed."""
    parts, end = [], 0
    for match in QUOTED.finditer(sql):
        parts += [change(sql[end : match.start()]), match[0]]
        end = match.end()
    return "".join([*parts, change(sql[end:])])


def readable(text: str) -> str:
    """A text without U+0000, which neither the emulator's parser nor DuckDB's takes in a statement."""
    if not text.startswith("'") or "\\u0000" not in text:
        return text
    parts = re.split(r"(?<!\\)((?:\\\\)*)\\u0000", text[1:-1])
    texts = ["".join(parts[at : at + 2]) for at in range(0, len(parts), 2)]
    return "CONCAT(" + ", CODE_POINTS_TO_STRING([0]), ".join(f"'{one}'" for one in texts) + ")"


def type_name(of_emulator):
    return lambda kind: "BIGNUMERIC" if pyarrow.types.is_decimal(kind) and kind.scale > 9 else of_emulator(kind)


def split(actions: str) -> list[str]:
    """The actions of an ALTER TABLE: no comma within a text or a name is between two."""
    quoted = [match[0] for match in QUOTED.finditer(actions)]
    parts = re.split(r",\s*(?=ADD COLUMN|RENAME COLUMN|DROP COLUMN)", QUOTED.sub("\0", actions))
    return [re.sub("\0", lambda _: quoted.pop(0), part) for part in parts]


def alter(project: str, match: re.Match, context) -> None:
    if_exists, dataset, table, actions = match.groups()
    if context.catalog.get_table(project, dataset, table) is None:
        if if_exists:
            return
        raise resource_not_found(ResourceRef("Table", project, dataset, table))
    target = quoted_table_ref(project, dataset, table)

    def columns() -> dict[str, str]:
        rows = context.engine.execute(f"PRAGMA table_info({target})").fetchall()
        return {row[1].lower(): row[2] for row in rows}

    for action in split(actions.strip()):
        if found := ADD.fullmatch(action):
            if_not_exists, column, kind = found.groups()
            if column.lower() not in columns():
                duckdb_type = types.bq_to_duckdb(kind)
                context.engine.execute(f'ALTER TABLE {target} ADD COLUMN "{column}" {duckdb_type}')
            elif not if_not_exists:
                raise InvalidQueryError(f"Column already exists: {column}")
            continue
        found = RENAME.fullmatch(action) or WIDEN.fullmatch(action) or DROP.fullmatch(action)
        if found is None:
            raise InvalidQueryError(f"Syntax error: {action}")
        if_exists, column = found[1], found[2]
        if column.lower() not in columns():
            if if_exists:
                continue
            raise InvalidQueryError(f"Column not found: {column}")
        if found.re is RENAME:
            context.engine.execute(f'ALTER TABLE {target} RENAME COLUMN "{column}" TO "{found[3]}"')
        elif found.re is DROP:
            context.engine.execute(f'ALTER TABLE {target} DROP COLUMN "{column}"')
        else:
            now, kind = columns()[column.lower()], types.bq_to_duckdb(found[3])
            if kind not in WIDENINGS.get(now, set()):
                raise InvalidQueryError(f"ALTER TABLE ALTER COLUMN SET DATA TYPE cannot change {column} from {now}")
            context.engine.execute(f'ALTER TABLE {target} ALTER COLUMN "{column}" TYPE {kind}')
    schema = ddl_sync._introspect_schema(project, dataset, table, context)
    known = context.catalog.get_table(project, dataset, table)
    context.catalog.update_table(known.model_copy(update={"schema_": schema}))


def install() -> None:
    types._BQ_TO_DUCKDB["BIGNUMERIC"] = BIGNUMERIC
    bridge.arrow_type_to_bq_type_name = type_name(bridge.arrow_type_to_bq_type_name)
    run = executor._run_query_body

    async def run_body(*, project_id, bq_sql, ctx, **others):
        if match := ALTER.fullmatch(bq_sql):
            async with ctx.engine.write_lock():
                alter(project_id, match, ctx)
            return pyarrow.table({})
        plain = unquoted(QUOTED.sub(lambda found: readable(found[0]), bq_sql), lambda part: re.sub(r"\bBIGNUMERIC\b", "NUMERIC(38, 18)", part))
        refuse(bq_sql)
        await refuse_ambiguous_merge(plain, lambda sql: run(project_id=project_id, bq_sql=sql, ctx=ctx, **others))
        return await run(project_id=project_id, bq_sql=plain, ctx=ctx, **others)

    executor._run_query_body = run_body


def refuse(sql: str) -> None:
    """What the emulator takes and BigQuery does not."""
    bare = QUOTED.sub("", sql)
    if CONDITION_MISSING.match(bare):
        raise InvalidQueryError("UPDATE and DELETE must have a WHERE clause")
    if found := RESERVED.search(bare):
        raise InvalidQueryError(f"Syntax error: Unexpected keyword {found[0]}")


async def refuse_ambiguous_merge(sql: str, query) -> None:
    if not (match := MERGE.match(sql)):
        return
    target, t, source, s, condition = match.groups()
    rows = f"(SELECT *, row_number() OVER () AS __row FROM {target})"
    several = await query(
        f"SELECT {t}.__row FROM {rows} AS {t} JOIN {source} AS {s} ON {condition} GROUP BY 1 HAVING count(*) > 1 LIMIT 1"
    )
    if several.num_rows > 0:
        raise InvalidQueryError("UPDATE/MERGE must match at most one source row for each target row")

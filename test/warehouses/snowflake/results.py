"""Results as Snowflake's JSON has them, which is all that the driver for Node reads; fakesnow speaks Arrow."""

from dataclasses import dataclass

import duckdb
import pyarrow as pa

SELECT, INSERT, UPDATE, DELETE, MERGE, COPY, OTHER = 0x1000, 0x3100, 0x3200, 0x3300, 0x3400, 0x3600, 0x6000


@dataclass
class Result:
    statement_type: int
    names: list[str]
    types: list[dict]
    rows: list[list[str | None]]

    def response(self) -> dict:
        rowtype = [{"name": name, "nullable": True, **kind} for name, kind in zip(self.names, self.types, strict=True)]
        return {
            "rowtype": rowtype,
            "rowset": self.rows,
            "total": len(self.rows),
            "returned": len(self.rows),
            "queryResultFormat": "json",
            "statementTypeId": self.statement_type,
        }


def status(message: str) -> Result:
    return Result(OTHER, ["status"], [{"type": "text"}], [[message]])


def counts(statement_type: int, **numbers: int) -> Result:
    """`counts(INSERT, inserted=2)`: the row that a statement of DML answers."""
    names = ["number of " + ("rows " + name if name != "multi" else "multi-joined rows updated") for name in numbers]
    kind = {"type": "fixed", "precision": 19, "scale": 0}
    return Result(statement_type, names, [kind] * len(names), [[str(number) for number in numbers.values()]])


def selected(relation: duckdb.DuckDBPyRelation) -> Result:
    if "HUGEINT" in relation.types:
        # What sums are, and Arrow has not.
        columns = zip(_quoted(relation), relation.types, strict=True)
        exact = [f"CAST({name} AS DECIMAL(38, 0)) AS {name}" if kind == "HUGEINT" else name for name, kind in columns]
        relation = relation.select(", ".join(exact))
    table = relation.to_arrow_table()
    kinds = zip(relation.types, table.schema, strict=True)
    types = [{"type": "variant"} if kind == "JSON" else _type_of(field.type) for kind, field in kinds]
    rows = zip(*[_texts(column) for column in table.columns], strict=True)
    return Result(SELECT, table.column_names, types, [list(row) for row in rows])


def _quoted(relation: duckdb.DuckDBPyRelation) -> list[str]:
    return ['"' + name.replace('"', '""') + '"' for name in relation.columns]


def _type_of(kind: pa.DataType) -> dict:
    if pa.types.is_boolean(kind):
        return {"type": "boolean"}
    if pa.types.is_integer(kind):
        return {"type": "fixed", "precision": 38, "scale": 0}
    if pa.types.is_decimal(kind):
        return {"type": "fixed", "precision": kind.precision, "scale": kind.scale}
    if pa.types.is_floating(kind):
        return {"type": "real"}
    if pa.types.is_timestamp(kind):
        return {"type": "timestamp_tz" if kind.tz else "timestamp_ntz", "precision": 0, "scale": 9}
    return {"type": "text", "length": 16777216}


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    if pa.types.is_timestamp(column.type):
        # Microseconds since 1970, then minutes east of UTC, 1440 more: Python has no dates beyond its years.
        suffix = " 1440" if column.type.tz else ""
        micros = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()).to_pylist()
        return [None if m is None else f"{m // 1_000_000}.{m % 1_000_000 * 1000:09d}{suffix}" for m in micros]
    if pa.types.is_boolean(column.type):
        return [None if value is None else "1" if value else "0" for value in column.to_pylist()]
    if pa.types.is_decimal(column.type):
        return [None if value is None else f"{value:f}" for value in column.to_pylist()]
    return [None if value is None else str(value) for value in column.to_pylist()]

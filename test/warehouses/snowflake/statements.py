"""Statements of Snowflake that fakesnow lacks or gets wrong, on the DuckDB below it; others are left to fakesnow."""

import glob
import os
import re
import shutil
import tempfile
import threading
import uuid

import fakesnow.transforms as transforms
import results
from errors import SnowflakeError, absent
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.dialect import parse_one
from fakesnow.fakes import FakeSnowflakeConnection
from results import Result
from sqlglot import exp

# The folder whose folders are buckets: what every storage integration may read.
BUCKETS = os.environ.get("SNOWFLAKE_BUCKETS", "")
# Databases with the external stages in them, each with its URL.
EXTERNAL: dict[tuple[str, str], str] = {}
STAGES = tempfile.mkdtemp(prefix="engageops-snowflake-")
# Snowflake has sessions that change definitions wait for each other; DuckDB refuses the later one.
ONE_AFTER_THE_OTHER = threading.Lock()
IDENTIFIER = r'"(?:[^"]|"")*"'
TABLE = rf"{IDENTIFIER}\.{IDENTIFIER}"
# U+0000 has no place in DuckDB's SQL: it is carried by a character that nobody uses.
NUL = "\U000f8f1a"


# It would make a double of the sum of integers.
transforms.numeric_agg_implicit_cast = lambda expression: expression


class Cursor(FakeSnowflakeCursor):
    """fakesnow's cursor, which cannot read comments of columns everywhere and makes several statements of a MERGE."""

    def _transform(self, expression, params=None):
        for comment in list(expression.find_all(exp.CommentColumnConstraint)):
            comment.parent.pop()
        transformed = super()._transform(expression, params)
        return transformed.transform(_nul)

    def duck_sql(self, sql: str) -> str:
        return self._transform(parse_one(sql)).sql(dialect="duckdb")


def _nul(node: exp.Expression) -> exp.Expression:
    if not (isinstance(node, exp.Literal) and node.is_string and NUL in node.this):
        return node
    first, *others = [exp.Literal.string(piece) for piece in node.this.split(NUL)]
    chained = first
    for piece in others:
        with_nul = exp.DPipe(this=chained, expression=exp.func("chr", exp.Literal.number(0)))
        chained = exp.DPipe(this=with_nul, expression=piece)
    return exp.Paren(this=chained)


def _singly(expression: exp.Expression, sql: str) -> list[str]:
    """The columns that one ALTER adds, in statements of their own: DuckDB takes no more in one."""
    if not isinstance(expression, exp.Alter) or len(expression.args["actions"]) < 2:
        return [sql]
    singles = []
    for action in expression.args["actions"]:
        single = expression.copy()
        single.set("actions", [action.copy()])
        singles.append(single.sql("snowflake"))
    return singles


def _refuse_functions_in_values(expression: exp.Expression) -> None:
    for values in expression.find_all(exp.Values):
        for function in values.find_all(exp.ParseJSON):
            message = f"SQL compilation error:\nInvalid expression [{function.sql('snowflake')}] in VALUES clause"
            raise SnowflakeError("002014", "22000", message)


class Session:
    """A session of Snowflake: its temporary tables, the files of their stages, and its transaction."""

    def __init__(self, connection: FakeSnowflakeConnection):
        self.connection = connection
        self.duck = connection._duck_conn
        self.folder = os.path.join(STAGES, uuid.uuid4().hex)
        self.stages: set[str] = set()
        # Quoted names with schema, each with the name that DuckDB has: its temporary tables are in no schema.
        self.temporary: dict[str, str] = {}
        self.transaction: str | None = None

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.connection.close()

    def run(self, sql: str) -> Result:
        sql = re.sub(r"(?<!\\)((?:\\\\)*)\\u0000", rf"\1{NUL}", sql)
        for pattern, work in HANDLERS:
            if found := pattern.match(sql):
                return work(self, sql, found)
        return self._fakesnow(sql)

    def _fakesnow(self, sql: str) -> Result:
        sql = self.localized(sql)
        expression = parse_one(sql)
        _refuse_functions_in_values(expression)
        cursor = self._cursor()
        if isinstance(expression, (exp.Create, exp.Alter, exp.Drop)):
            # What fakesnow writes down of a table beside, names with quotes break.
            self.commit()
            with ONE_AFTER_THE_OTHER:
                for single in _singly(expression, sql):
                    self.duck.execute(cursor.duck_sql(single))
            return results.status("Statement executed successfully.")
        if isinstance(expression, exp.Query):
            return results.selected(self.duck.sql(cursor.duck_sql(sql)))
        cursor.execute(sql, server=True)
        if isinstance(expression, exp.Insert):
            return results.counts(results.INSERT, inserted=cursor.rowcount or 0)
        if isinstance(expression, exp.Update):
            return results.counts(results.UPDATE, updated=cursor.rowcount or 0, multi=0)
        if isinstance(expression, exp.Delete):
            return results.counts(results.DELETE, deleted=cursor.rowcount or 0)
        return results.status("Statement executed successfully.")

    def _cursor(self) -> Cursor:
        return Cursor(conn=self.connection, duck_conn=self.duck, use_dict_result=False)

    def localized(self, sql: str) -> str:
        for name, local in self.temporary.items():
            sql = sql.replace(name, local)
        return sql

    def commit(self) -> None:
        if self.transaction:
            self.duck.execute("COMMIT")
        self.transaction = None

    # The statements, each by its pattern below.

    def begin(self, _sql, _found) -> Result:
        self.duck.execute("BEGIN")
        self.transaction = str(uuid.uuid4().int % 10**19)
        return results.status("Statement executed successfully.")

    def end(self, sql, _found) -> Result:
        if self.transaction:
            self.transaction = None
            self.duck.execute(sql)
        return results.status("Statement executed successfully.")

    def current_transaction(self, _sql, found) -> Result:
        return Result(results.SELECT, [found[1].upper()], [{"type": "text"}], [[self.transaction]])

    def context(self, sql, _found) -> Result:
        columns = {"DATABASE": self.connection.database, "WAREHOUSE": self.connection.warehouse, "VERSION": "10.40.0"}
        return Result(results.SELECT, list(columns), [{"type": "text"}] * len(columns), [list(columns.values())])

    def alter_session(self, _sql, _found) -> Result:
        return results.status("Statement executed successfully.")

    def create_temporary(self, sql, found) -> Result:
        self.commit()
        local = '"' + found[1].replace('"', "") + '"'
        self.duck.execute(self._cursor().duck_sql(sql.replace(found[1], local, 1)))
        self.temporary[found[1]] = local
        return results.status(f"Table {found[1]} successfully created.")

    def drop_table(self, sql, found) -> Result:
        local = self.temporary.pop(found[1], None)
        if local is None:
            return self._fakesnow(sql)
        self.commit()
        self.duck.execute(f"DROP TABLE IF EXISTS {local}")
        return results.status("dropped")

    def create_stage(self, _sql, found) -> Result:
        self.commit()
        if found[1] in self.stages:
            raise SnowflakeError("002002", "42710", f"SQL compilation error:\nObject '{found[1]}' already exists.")
        self.stages.add(found[1])
        return results.status("Stage area successfully created.")

    def put(self, _sql, found) -> dict:
        options = _options(found[4])
        if options != {"SOURCE_COMPRESSION": "GZIP", "AUTO_COMPRESS": "FALSE", "OVERWRITE": "TRUE"}:
            raise NotImplementedError(f"PUT with {options}")
        return {
            "command": "UPLOAD",
            "src_locations": [found[1].replace("''", "'").replace("\\\\", "\\")],
            "stageInfo": {"locationType": "LOCAL_FS", "location": self._folder_of(found[2], found[3]), "creds": {}},
            "parallel": 4,
            "autoCompress": False,
            "sourceCompression": "gzip",
            "overwrite": True,
        }

    def copy(self, _sql, found) -> Result:
        target, columns, values, stage, path, options = found.groups()
        if _options(options) != COPY_OPTIONS:
            raise NotImplementedError(f"COPY with {_options(options)}")
        folder = self._folder_of(stage, path)
        result = self._load(target, columns, values, sorted(glob.glob(os.path.join(glob.escape(folder), "*.gz"))))
        shutil.rmtree(folder, ignore_errors=True)
        return result

    def create_external_stage(self, _sql, found) -> Result:
        self.commit()
        EXTERNAL[self.connection.database, found[1].upper()] = found[2]
        return results.status("Stage area successfully created.")

    def copy_external(self, _sql, found) -> Result:
        target, columns, values, stage, path, names, options = found.groups()
        if _options(options) != {name: value for name, value in COPY_OPTIONS.items() if name != "PURGE"}:
            raise NotImplementedError(f"COPY with {_options(options)}")
        url = EXTERNAL.get((self.connection.database, stage.upper()))
        if url is None:
            raise absent(stage, "Stage")
        folder = os.path.join(BUCKETS, re.sub(r"^\w+://", "", url), path)
        files = [os.path.join(folder, name) for name in re.findall(r"'([^']+)'", names)]
        for file in files:
            if not os.path.isfile(file):
                raise SnowflakeError("091016", "22000", f"Remote file '{url}/{path}' was not found.")
        return self._load(target, columns, values, files)

    def _load(self, target: str, columns: str, values: str, files: list[str]) -> Result:
        cells = [f"'{re.sub('[^0-9]', '', value)}': 'VARCHAR'" for value in values.split(", ")]
        selected = re.sub(r"\$(\d+)", r'"\1"', values).replace("PARSE_JSON", "json")
        if files:
            self.duck.execute(
                f"""INSERT INTO {self.localized(target)} {columns} SELECT {selected}
                FROM read_csv(?, {READ_CSV}, columns = {{{", ".join(cells)}}})""",
                [files],
            )
        return Result(results.COPY, ["status"], [{"type": "text"}], [["LOADED"] for _ in files])

    def merge(self, sql, _found) -> Result:
        # DuckDB's own MERGE. Of fakesnow's many passes over the statement it needs one.
        merge = parse_one(self.localized(sql)).transform(transforms.array_agg)
        actions = self.duck.execute(merge.sql(dialect="duckdb") + " RETURNING merge_action").fetchall()
        made = [action for (action,) in actions]
        return results.counts(
            results.MERGE, inserted=made.count("INSERT"), updated=made.count("UPDATE"), deleted=made.count("DELETE")
        )

    def _folder_of(self, stage: str, path: str) -> str:
        if stage not in self.stages:
            raise absent(stage)
        return os.path.join(self.folder, re.sub(r"\W", "_", stage), path)


def _options(text: str) -> dict[str, str]:
    return dict(re.findall(r"(\w+)\s*=\s*('(?:\\.|[^'])*'|\(\)|\w+)", text.replace("FILE_FORMAT = (", "")))


# What the options of COPY mean.
READ_CSV = """compression = 'gzip', delim = ',', quote = '"', escape = '"', header = false, auto_detect = false,
new_line = '\\n', nullstr = '', allow_quoted_nulls = false, max_line_size = 80000000, buffer_size = 80000000"""
COPY_OPTIONS = {
    "TYPE": "CSV",
    "COMPRESSION": "GZIP",
    "RECORD_DELIMITER": r"'\n'",
    "FIELD_DELIMITER": "','",
    "FIELD_OPTIONALLY_ENCLOSED_BY": "'\"'",
    "ESCAPE": "NONE",
    "ESCAPE_UNENCLOSED_FIELD": "NONE",
    "NULL_IF": "()",
    "EMPTY_FIELD_AS_NULL": "TRUE",
    "SKIP_BLANK_LINES": "FALSE",
    "ON_ERROR": "ABORT_STATEMENT",
    "PURGE": "TRUE",
}

CONTEXT = r"SELECT CURRENT_DATABASE\(\) AS database, CURRENT_WAREHOUSE\(\) AS warehouse, CURRENT_VERSION\(\) AS \w+$"
STAGE = rf"@({TABLE})/([\w/]+)/"
COPY = rf"COPY INTO ({TABLE}) (\(.*?\))\nFROM \(SELECT ([^@]*) FROM "
HANDLERS = [
    (re.compile(pattern, re.DOTALL), work)
    for pattern, work in [
        (r"BEGIN$", Session.begin),
        (r"(?:COMMIT|ROLLBACK)$", Session.end),
        (r"SELECT CURRENT_TRANSACTION\(\) AS (\w+)$", Session.current_transaction),
        (CONTEXT, Session.context),
        (r"ALTER SESSION SET ", Session.alter_session),
        (rf"CREATE TEMPORARY TABLE ({TABLE}) \(", Session.create_temporary),
        (rf"CREATE TEMPORARY STAGE ({TABLE})$", Session.create_stage),
        (rf"DROP TABLE IF EXISTS ({TABLE})$", Session.drop_table),
        (rf"PUT 'file://((?:[^'\\]|''|\\\\)*)' {STAGE} (.*)$", Session.put),
        (r"CREATE STAGE (\S+) URL = '([^']+)' STORAGE_INTEGRATION = \w+$", Session.create_external_stage),
        (rf"{COPY}{STAGE}\)\n(.*)$", Session.copy),
        (rf"{COPY}@([\w.]+)/([\w-]+)/\)\nFILES = \((.*?)\) (.*)$", Session.copy_external),
        (r"MERGE INTO ", Session.merge),
    ]
]

"""The codes that Snowflake gives to errors, by what DuckDB says of them."""

import re

import duckdb
import snowflake.connector.errors as connector


class SnowflakeError(Exception):
    def __init__(self, code: str, sql_state: str, message: str):
        super().__init__(message)
        self.code = code
        self.sql_state = sql_state
        self.message = message


def to_snowflake(error: Exception) -> SnowflakeError:
    """An error of fakesnow or DuckDB with the code and the words of Snowflake."""
    if isinstance(error, SnowflakeError):
        return error
    cause = error.__cause__ if isinstance(error.__cause__, duckdb.Error) else error
    message = str(cause).split("\n")[0]
    if found := re.search(r"(?:Table|View|Schema) with name (\S+?) does not exist", message):
        return absent(found[1].strip('"'))
    if found := re.search(r"(?:Table|View|Schema) with name \"?([^\"]+)\"? already exists", message):
        return SnowflakeError("002002", "42710", f"SQL compilation error:\nObject '{found[1]}' already exists.")
    if found := re.search(r"(?:Referenced column|a column with name|column named) \"([^\"]+)\"", message):
        words = f"SQL compilation error: error line 1 at position 0\ninvalid identifier '\"{found[1]}\"'"
        return SnowflakeError("000904", "42000", words)
    if isinstance(cause, duckdb.TransactionException):
        return SnowflakeError("000625", "57014", "Statement has locked a table in another transaction: lock timeout")
    if isinstance(cause, (duckdb.ConversionException, duckdb.OutOfRangeException)):
        return SnowflakeError("100038", "22018", message)
    if isinstance(cause, (duckdb.ParserException, NotImplementedError)):
        return SnowflakeError("001003", "42000", f"SQL compilation error:\nsyntax error: {message}")
    if isinstance(cause, connector.ProgrammingError):
        return SnowflakeError(f"{cause.errno:06d}", cause.sqlstate or "", cause.msg or message)
    return SnowflakeError("000603", "XX000", f"SQL execution internal error: {type(cause).__name__}: {message}")


def absent(name: str, kind: str = "Object") -> SnowflakeError:
    words = f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized."
    return SnowflakeError("002003", "02000", words)

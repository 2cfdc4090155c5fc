"""Snowflake for tests: its REST protocol as the driver for Node speaks it, over fakesnow, which runs the SQL on DuckDB.

Listens on a free port of 127.0.0.1 and prints it. Logins: SNOWFLAKE_PUBLIC_KEY (PEM) is the key of every user,
SNOWFLAKE_OAUTH_TOKEN their token. External stages read buckets from the folder SNOWFLAKE_BUCKETS, as an S3 server has
them there. Ends when its standard input does.
"""

import gzip
import json
import os
import secrets
import shutil
import socket
import sys
import threading

import jwt
import uvicorn
from errors import to_snowflake
from fakesnow.instance import FakeSnow
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from statements import STAGES, Session

ACCOUNT = FakeSnow(create_database_on_connect=False, create_schema_on_connect=True)
WAREHOUSE = "LOADING"
sessions: dict[str, Session] = {}


async def _body(request: Request) -> dict:
    body = await request.body()
    return json.loads(gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body)


def _failure(code: str, message: str, sql_state: str = "") -> JSONResponse:
    data = {"errorCode": code, "sqlState": sql_state, "queryId": secrets.token_hex(8)}
    return JSONResponse({"data": data, "code": code, "message": message, "success": False})


async def log_in(request: Request) -> JSONResponse:
    data = (await _body(request))["data"]
    if refused := _refusal(data):
        return _failure(*refused)
    query = request.query_params
    token = secrets.token_urlsafe(32)
    sessions[token] = await run_in_threadpool(_connect, query.get("databaseName", ""), query.get("warehouse", ""))
    session = {"token": token, "masterToken": token, "sessionId": 1, "parameters": []}
    return JSONResponse({"data": session, "success": True})


def _refusal(data: dict) -> tuple[str, str] | None:
    if data.get("AUTHENTICATOR") == "OAUTH":
        if secrets.compare_digest(data["TOKEN"], os.environ["SNOWFLAKE_OAUTH_TOKEN"]):
            return None
        return "390303", "Invalid OAuth access token. "
    try:
        # The driver gives its times in milliseconds.
        untimed = {"verify_exp": False, "verify_iat": False}
        claims = jwt.decode(data["TOKEN"], os.environ["SNOWFLAKE_PUBLIC_KEY"], ["RS256"], options=untimed)
    except jwt.InvalidTokenError:
        return "390144", "JWT token is invalid."
    return None if claims["sub"].endswith("." + data["LOGIN_NAME"].upper()) else ("390144", "JWT token is invalid.")


def _connect(database: str, warehouse: str) -> Session:
    found = ACCOUNT.duck_conn.cursor().execute("SELECT database_name FROM duckdb_databases()").fetchall()
    databases = {name.upper() for (name,) in found}
    # Snowflake opens a session also where what it should use is not there.
    connection = ACCOUNT.connect(database if database.upper() in databases else None, "PUBLIC")
    connection.warehouse = WAREHOUSE if warehouse.upper() == WAREHOUSE else None
    return Session(connection)


async def query(request: Request) -> JSONResponse:
    session = sessions.get(_token(request))
    if session is None:
        return _failure("390104", "User must login again to access the service.")
    sql = (await _body(request))["sqlText"]
    try:
        result = await run_in_threadpool(session.run, sql)
    except Exception as error:
        known = to_snowflake(error)
        print(f"{known.code} {known.message}\n  {sql[:2000]}", file=sys.stderr, flush=True)
        return _failure(known.code, known.message, known.sql_state)
    data = result if isinstance(result, dict) else result.response()
    return JSONResponse({"data": {"parameters": [], "queryId": secrets.token_hex(8), **data}, "success": True})


async def end_session(request: Request) -> JSONResponse:
    if session := sessions.pop(_token(request), None):
        await run_in_threadpool(session.close)
    return JSONResponse({"data": None, "success": True})


async def create_database(request: Request) -> JSONResponse:
    name = request.path_params["name"]
    await run_in_threadpool(_create_database, name)
    return JSONResponse({})


def _create_database(name: str) -> None:
    ACCOUNT.connect().cursor().execute(f"CREATE DATABASE {name}")
    duck = ACCOUNT.duck_conn.cursor()
    # fakesnow's own have no views, and no lengths of texts that nobody gave one.
    duck.execute(
        f"""CREATE OR REPLACE VIEW {name}._fs_information_schema._fs_columns AS
        SELECT * REPLACE (coalesce(character_maximum_length, 16777216) AS character_maximum_length)
        FROM _fs_global._fs_information_schema._fs_columns WHERE table_catalog = '{name.upper()}'"""
    )
    duck.execute(
        f"""CREATE OR REPLACE VIEW {name}._fs_information_schema._fs_tables AS
        SELECT table_catalog, table_schema, table_name, table_type FROM system.information_schema.tables
        WHERE table_catalog = '{name.upper()}' AND table_schema <> '_fs_information_schema'"""
    )


async def ignored(_request: Request) -> JSONResponse:
    return JSONResponse({"data": None, "success": True})


def _token(request: Request) -> str:
    return request.headers.get("Authorization", "")[len('Snowflake Token="') : -1]


def _end_with_parent() -> None:
    sys.stdin.read()
    shutil.rmtree(STAGES, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    # Of a named protocol: asyncio sends small answers at once on such alone.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    routes = [
        Route("/session/v1/login-request", log_in, methods=["POST"]),
        Route("/queries/v1/query-request", query, methods=["POST"]),
        Route("/queries/v1/abort-request", ignored, methods=["POST"]),
        Route("/telemetry/send", ignored, methods=["POST"]),
        Route("/session", end_session, methods=["POST"]),
        Route("/test/databases/{name}", create_database, methods=["POST"]),
    ]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(Starlette(routes=routes), log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])

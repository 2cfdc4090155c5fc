"""Jobs: the id that the client chose, once only, also for uploads; results that tell how many rows were affected; the
error of a job in place of its results; dry runs as jobs; JSON loaded by the names of the columns."""

import gzip
import json

import bqemulator.api.routes.jobs as routes
import bqemulator.api.routes.upload as upload
import bqemulator.jobs.executor as executor
from bqemulator.domain.errors import AlreadyExistsError, DomainError, InvalidQueryError
from fastapi import Request


class JobFailed(DomainError):
    """What a job failed with, as answer to a request for its results."""

    def __init__(self, result: dict) -> None:
        super().__init__(result["message"])
        self.http_status = 400
        self.bq_reason = result["reason"]


def refuse_known(context, project: str, job_id: str | None) -> None:
    if job_id and context.catalog.get_job(project, job_id) is not None:
        raise AlreadyExistsError(f"Already Exists: Job {project}:EU.{job_id}")


def multipart(content_type: str, body: bytes) -> tuple[dict, bytes]:
    """The two parts of an upload. The emulator's own parser takes the bytes for text."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    _, envelope, media, _ = body.split(b"--" + boundary, 3)
    content = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in (envelope, media)]
    return json.loads(content[0]), content[1]


JSON_COLUMNS = "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?"


def load_json(path: str, target: str, context) -> None:
    with open(path, "rb") as file:
        content = file.read()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    with open(path, "wb") as file:
        file.write(content)
    schema, table = (part.strip('"') for part in target.split('"."'))
    columns = dict(context.engine.execute(JSON_COLUMNS, [schema, table]).fetchall())
    if not columns:
        raise InvalidQueryError(f"Not found: Table {target}")
    spec = ", ".join(f"{quoted_text(name)}: {quoted_text(kind)}" for name, kind in columns.items())
    longest = max(len(line) for line in content.split(b"\n"))
    context.engine.execute(
        f"INSERT INTO {target} SELECT * FROM read_json(?, format = 'newline_delimited', columns = {{{spec}}}, "
        f"maximum_object_size = {2 * longest + 1024})",
        [path],
    )


def quoted_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def install() -> None:
    executor._LOAD_FORMAT_HANDLERS["NEWLINE_DELIMITED_JSON"] = load_json

    def load_configuration(envelope: dict) -> dict:
        return {**envelope["configuration"], "jobReference": envelope.get("jobReference", {})}

    upload._load_configuration_from_envelope = load_configuration
    upload._parse_multipart_related = multipart
    run_load = upload._run_load

    async def run_load_once(*, project_id, configuration, media_path, ctx):
        job_id = configuration.pop("jobReference", {}).get("jobId")
        refuse_known(ctx, project_id, job_id)
        upload._new_job_id = lambda: job_id
        return await run_load(project_id=project_id, configuration=configuration, media_path=media_path, ctx=ctx)

    upload._run_load = run_load_once

    endpoints = {route.endpoint.__name__: route for route in routes.router.routes}
    insert_job, get_results = routes.insert_job, routes.get_query_results

    async def insert_job_once(project_id: str, request: Request, ctx: routes._Ctx, caller: routes._Caller) -> dict:
        body = await request.json()
        refuse_known(ctx, project_id, body.get("jobReference", {}).get("jobId"))
        answer = await insert_job(project_id, request, ctx, caller)
        if body.get("configuration", {}).get("dryRun"):
            # A job, as of any other insertion; the emulator knows no bytes and says 0.
            answer["statistics"] = {"totalBytesProcessed": answer.get("totalBytesProcessed", "0")}
        return answer

    def get_results_of_any(project_id: str, job_id: str, ctx: routes._Ctx, pageToken: str | None = None) -> dict:
        job = ctx.catalog.get_job(project_id, job_id)
        if job is not None and job.error_result:
            raise JobFailed(job.error_result)
        results = get_results(project_id, job_id, ctx, maxResults=10_000, startIndex=0, pageToken=pageToken)
        affected = job.statistics["query"].get("numDmlAffectedRows")
        return results if affected is None else {**results, "numDmlAffectedRows": affected}

    for name, replacement in [("insert_job", insert_job_once), ("get_query_results", get_results_of_any)]:
        old = endpoints[name]
        routes.router.routes.remove(old)
        routes.router.add_api_route(old.path.removeprefix(routes.router.prefix), replacement, methods=list(old.methods))

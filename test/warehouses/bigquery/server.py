"""bqemulator as a BigQuery for tests, with what it lacks; see the modules beside it.

Usage: server.py PUBLIC_KEY, the PEM file of the one service account. It prints the port that it listens on, on 127.0.0.1.
"""

import asyncio
import signal
import sys
from pathlib import Path

# Logs begin when the emulator is imported.
output, sys.stdout = sys.stdout, sys.stderr

import access
import jobs
import metadata
import shortcuts
import statements
from bqemulator import server
from bqemulator.config import Settings


async def serve(public_key: str) -> None:
    jobs.install()
    metadata.install()
    statements.install()
    shortcuts.install()
    server.create_app = access.guarded(server.create_app, public_key)
    settings = Settings(rest_port=0, grpc_port=0, log_level="error", enable_format_extensions=False)
    emulator = server.EmulatorServer(settings)
    await emulator.start()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    print(emulator.rest_port, file=output, flush=True)
    await stopped.wait()
    await emulator.stop()


asyncio.run(serve(Path(sys.argv[1]).read_text()))

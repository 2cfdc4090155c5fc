"""DuckDB's spatial extension, which the emulator loads at its start, comes as a package: nothing is fetched later."""

import duckdb_extensions

duckdb_extensions.import_extension("spatial")

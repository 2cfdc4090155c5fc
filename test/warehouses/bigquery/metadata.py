"""INFORMATION_SCHEMA of a region: the views of all its datasets in one."""

import re

import bqemulator.sql.inner_query as inner_query
from bqemulator.sql.rewriter import information_schema as views

OF_REGION = re.compile(r"`(?P<project>[^`]+)`\.`region-(?P<region>[^`]+)`\.INFORMATION_SCHEMA\.(?P<view>\w+)")


def install() -> None:
    expand = inner_query.expand_information_schema

    def expand_regions(sql: str, project: str, catalog) -> str:
        def view_of_region(match: re.Match) -> str:
            datasets = catalog.list_datasets(match["project"])
            if match["view"] == "SCHEMATA":
                return views._schemata_as_values(datasets, match["project"])
            as_values = {"TABLES": views._tables_as_values, "COLUMNS": views._columns_as_values}[match["view"]]
            ids = [dataset.dataset_id for dataset in datasets]
            parts = [as_values(catalog.list_tables(match["project"], one), match["project"], one) for one in ids]
            return f"({' UNION ALL '.join(parts or [as_values((), match['project'], '')])})"

        return expand(OF_REGION.sub(view_of_region, sql), project, catalog)

    inner_query.expand_information_schema = expand_regions

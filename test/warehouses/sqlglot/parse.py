"""Parses SQL in a vendor's dialect: JSON on standard input, {file: {dialect, sql}}; prints {file: error} of those that fail."""

import json
import logging
import sys

import sqlglot

# Statements that it only keeps as text are no errors, but are told as warnings.
logging.disable(logging.CRITICAL)

errors = {}
for file, given in json.load(sys.stdin).items():
    try:
        sqlglot.parse(given["sql"], read=given["dialect"], error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        errors[file] = str(error)
json.dump(errors, sys.stdout)

"""The package's JSON Schemas: reading them and holding a document against them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker


def validate(document: dict[str, Any], schema_file: str) -> None:
    """Hold a document against a schema of this package.

    Raises
    ------
    jsonschema.ValidationError
        If it does not fit.
    """
    _validator(schema_file).validate(document)


@cache
def _validator(schema_file: str) -> Draft202012Validator:
    schema = json.loads(files(__package__).joinpath(schema_file).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())

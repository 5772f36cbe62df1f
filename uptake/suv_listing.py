"""What ``uptake suv`` prints: every PET series' way to SUV, for eyes or for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from uptake.dicom.exams.suv_report import SeriesSuv
from uptake.errors import InputRefused


def exit_status(series: Sequence[SeriesSuv]) -> int:
    """0 where at least one series becomes SUV, else that of a refused input."""
    return InputRefused.exit_status if all(each.refusal for each in series) else 0


def as_json(series: Sequence[SeriesSuv]) -> str:
    """One JSON document with a list under ``series``."""
    document = {"exit_status": exit_status(series), "series": [asdict(each) for each in series]}
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)


def show(series: Sequence[SeriesSuv], console: Console) -> None:
    """Print each series: factor, branch, the tags it rests on, warnings; or why there is no SUV."""
    for each in series:
        console.print(Text(each.label, style="bold"))
        if each.refusal:
            reason = each.refusal.removeprefix(f"{each.label}: ")
            console.print(Text(f"  no SUV: {reason}\n", style="red"))
            continue
        console.print(Text(f"  SUVbw = rescaled voxel x {_factors(each)} g/ml"))
        if each.sul_factor is not None:
            console.print(Text(f"  SUL (Janmahasatian) = SUVbw x {each.sul_factor:.6g}"))
        if each.sul_note:
            console.print(Text(f"  {each.sul_note}"))
        console.print(Text(f"  branch: {each.branch}"))
        table = Table("tag", "attribute", Column("value", overflow="fold"), box=None, padding=(0, 2))
        for tag in each.tags:
            table.add_row(Text(tag.tag), Text(tag.keyword), Text(tag.value))
        console.print(table)
        for warning in each.warnings:
            console.print(Text(f"  warning: {warning}", style="yellow"))
        console.print()


def _factors(each: SeriesSuv) -> str:
    if each.factor_min is None or each.factor_max is None:
        return "nothing"
    if each.factor_min == each.factor_max:
        return f"{each.factor_min:.6g}"
    return f"{each.factor_min:.6g} to {each.factor_max:.6g} (slice by slice)"

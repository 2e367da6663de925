"""`hub doctor`: what is wrong with this installation and how to mend it."""

from __future__ import annotations

import typer

from cli.examinations import EXAMINATIONS, Finding
from cli.terminal import out
from schemas.settings import load_settings

MARKS = {"well": "[green]✓[/green]", "note": "[yellow]![/yellow]", "ill": "[red]✗[/red]"}


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor() -> None:
    """Look at everything the hub needs; exit status 1 when something is wrong."""
    settings = load_settings()
    findings: list[Finding] = []
    for examine in EXAMINATIONS:
        for finding in examine(settings):
            findings.append(finding)
            out.print(f"{MARKS[finding.state]} [bold]{finding.subject}[/bold]: ", end="")
            out.print(finding.text, markup=False)
    ill = sum(finding.state == "ill" for finding in findings)
    out.print("All is well." if not ill else f"{ill} thing{'s' if ill > 1 else ''} to mend.")
    if ill:
        raise typer.Exit(1)

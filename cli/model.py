"""`hub model`: learn the weights of who is who from the data, or correct them by what stewards judged, see what they would change, adopt
them or leave it; and models of other engines for `hub dedupe`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.home import require_home
from cli.terminal import number, out
from cli.warehouse import quiet_warehouse
from schemas.errors import HubError, UsageError
from schemas.settings import load_settings

if TYPE_CHECKING:
    import duckdb

    from quality.refit import Interval, Trial
    from schemas.match_model import Level, MatchModel

app = typer.Typer(no_args_is_help=True, help="The match model: train, refit, churn, adopt, revert; and models of Splink for `hub dedupe`.")
File = Annotated[Path, typer.Argument(help="A model file.")]


@app.command()
def train(
    seed: Annotated[int, typer.Option(help="Of the random pairs; the same seed and mentions give the same model.")] = 1,
    file: Annotated[Path | None, typer.Option("--out", help="Where to write it; default: models/ in the home.")] = None,
) -> None:
    """Learn weights from the mentions there are, write a model file, and tell what it would change. Nothing is adopted."""
    from pipelines.match.train import train as learn
    from schemas.match_model import load_match_model, write_match_model

    settings = load_settings()
    with quiet_warehouse(settings, "hub model train") as con:
        model = load_match_model(settings.match_model)
        learned = learn(con, model, seed=seed)
        path = file or settings.match_model_folder / f"{learned.fingerprint}.yaml"
        write_match_model(learned, path)
        _print_weights(model, learned)
        _print_churn(con, path)
    out.print(f"Written to {path}. `hub model adopt {path}` takes it for the next run; to decline it, do nothing.", markup=False)


@app.command()
def refit(
    seed: Annotated[int, typer.Option(help="Of what is held back; the same seed and judgements give the same model.")] = 1,
    file: Annotated[Path | None, typer.Option("--out", help="Where to write it; default: models/ in the home.")] = None,
) -> None:
    """Correct the weights in use by what stewards judged, and try it on judgements held back. A model file is written only if it is
    better. Nothing is adopted."""
    from quality.refit import try_refit
    from schemas.match_model import load_match_model, write_match_model

    settings = load_settings()
    with quiet_warehouse(settings, "hub model refit") as con:
        model = load_match_model(settings.match_model)
        tried = try_refit(con, model, seed=seed)
        _print_trial(tried)
        if not tried.is_better:
            out.print("It is not better than the model in use, so nothing was written.")
            return
        path = file or settings.match_model_folder / f"{tried.model.fingerprint}.yaml"
        write_match_model(tried.model, path)
        _print_weights(model, tried.model)
        _print_churn(con, path)
    out.print(f"Written to {path}. `hub model adopt {path}` takes it for the next run; to decline it, do nothing.", markup=False)


@app.command()
def churn(file: File) -> None:
    """Tell what a model would change: merges, splits, customers and revenue touched. Nothing is adopted."""
    _check(file)
    with quiet_warehouse(load_settings(), "hub model churn") as con:
        _print_churn(con, file)


@app.command()
def adopt(file: File) -> None:
    """Use a model from the next run on, which then scores every pair anew. Ids persist."""
    from schemas.match_model import write_match_model

    settings = load_settings()
    require_home(settings)
    model = _check(file)
    write_match_model(model, settings.adopted_model)
    out.print(f"{model.fingerprint} is used from the next `hub run` on. `hub model revert` goes back to the model the hub comes with.")


@app.command()
def revert() -> None:
    """Go back to the model the hub comes with, from the next run on."""
    settings = load_settings()
    require_home(settings)
    settings.adopted_model.unlink(missing_ok=True)
    out.print("The model the hub comes with is used from the next `hub run` on.")


@app.command("import-splink")
def import_splink(
    settings: Annotated[Path, typer.Argument(help="What Splink's `save_model_to_json` wrote, trained or not.")],
    into: Annotated[Path, typer.Option("--out", help="The new model file.")],
) -> None:
    """Turn the settings of Splink 4 or 5 into a model file, and tell what did not carry over."""
    from pipelines.link.splink.turn import as_yaml, turn

    if into.exists():
        raise UsageError("the model is already there", where=str(into), mend="Give another name, or take it away")
    turned = turn(settings)
    try:
        into.write_text(as_yaml(turned, settings), "utf-8")
    except OSError as error:
        raise HubError("the model cannot be written", where=str(into), why=error.strerror) from error
    for what in turned.left:
        out.print(f"not carried over: {what}", markup=False)
    weighed = sum("weights" in of for of in turned.comparisons.values())
    out.print(
        f"{len(turned.comparisons)} comparisons ({weighed} with their weights) and {len(turned.pairing)} pairing rules written to {into}.",
        markup=False,
    )


def _check(file: Path) -> MatchModel:
    from pipelines.match.score import check_levels
    from schemas.match_model import load_match_model

    model = load_match_model(file)
    check_levels(model)
    return model


def _print_weights(before: MatchModel, after: MatchModel) -> None:
    table = Table("comparison", "level", "bits before", "bits learned", title="Weights", title_justify="left")
    for column in table.columns[2:]:
        column.justify = "right"
    for name, levels in after.comparisons.items():
        for old, new in zip(before.comparisons[name], levels, strict=True):
            if old != new:
                table.add_row(name, new.level, _bits(old), _bits(new))
    out.print(table)
    if before.prior_population != after.prior_population:
        out.print(f"Odds before any evidence: 1 to {before.prior_population:,.0f} before, 1 to {after.prior_population:,.0f} learned.")


def _bits(level: Level) -> str:
    return f"{level.bits():+.1f}" if isinstance(level.u, float) else f"{math.log2(level.m):+.1f} + rarity of the name"


def _print_trial(tried: Trial) -> None:
    (same, different), (same_held, different_held) = tried.fitted, tried.held_back
    table = Table("model", "log loss, bits a pair", "wrongly merged", "missed", "precision", "recall", "F",
                  title=f"On {number(same_held + different_held)} judged pairs held back", title_justify="left")  # fmt: skip
    for name, scores in (("in use", tried.before), ("refitted", tried.after)):
        shares = (_interval(of) for of in (scores.precision, scores.recall, scores.f))
        table.add_row(name, f"{scores.log_loss:.3f}", number(scores.wrongly_merged), number(scores.missed), *shares)
    for column in table.columns[1:]:
        column.justify = "right"
    out.print(table)
    out.print(
        f"Fitted by {number(same)} pairs judged same and {number(different)} judged different, tried on {number(same_held)} and "
        f"{number(different_held)}. It gains {tried.gain[0]:+.3f} bits a pair ({tried.gain[1]:+.3f} to {tried.gain[2]:+.3f}). "
        "Judged pairs were not drawn at random: the figures hold for pairs like them."
    )


def _interval(of: Interval | None) -> str:
    return f"{of['share']:.3f} ({of['low']:.3f} to {of['high']:.3f})" if of else "none"


def _print_churn(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    from quality.churn import preview_churn

    with out.status("Trying it on the mentions there are"):
        found = preview_churn(con, file)
    fates = found.difference
    out.print(
        f"Of {number(fates.clusters_a)} customers {number(fates.unchanged)} would stay as they are, {number(fates.merged)} merge, "
        f"{number(fates.split)} split, {number(fates.overlapping)} exchange mentions; there would be {number(fates.clusters_b)}. "
        f"{number(found.customers_touched)} customers with {found.touched_cny:,.2f} CNY net would change."
    )


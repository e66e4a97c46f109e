"""The command ``counterfoil``: each command reads its arguments and calls one service.

``db`` comes from Flask-Migrate. A command that touches the database is decorated with ``with_appcontext``; refusals
become one line on standard error and exit status 1. New commands are listed in COMMANDS.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask import current_app
from flask.cli import FlaskGroup, with_appcontext

from webapp import create_app
from webapp.config import BadSetting
from webapp.domain.errors import DomainError
from webapp.domain.numbers import parse_percent
from webapp.domain.permissions import Role

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


class Program(FlaskGroup):
    """The command line as a whole; says refusals in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raises ClickException for a refusal."""
        from webapp.server import PortTaken

        try:
            return super().invoke(ctx)
        except DomainError as refusal:
            raise click.ClickException(refusal.message) from refusal
        except (BadSetting, PortTaken) as problem:
            raise click.ClickException(str(problem)) from problem


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--upgrade", is_flag=True, help="Bring the database to the newest schema before.")
@click.option("--demo", "with_demo", is_flag=True, help="Load the demo company before, if the database is empty.")
@with_appcontext
def run(host: str, port: int, upgrade: bool, with_demo: bool) -> None:
    """Serve the program."""
    import flask_migrate

    from webapp.db import read_once
    from webapp.queries.company import company
    from webapp.server import refuse_taken_port, serve
    from webapp.web.set_up_token import token_in

    config = current_app.config
    refuse_taken_port(host, port)
    if upgrade:
        flask_migrate.upgrade()
    if with_demo:
        _load_demo(if_empty=True)
    click.echo(f"Counterfoil is at http://{host}:{port}/")
    if company() is None:
        click.echo(f"Set-up token for the first page: {token_in(Path(current_app.instance_path))}")
    refuse_taken_port(host, port)  # once more: what came before may have taken minutes
    read_once()  # this process waits as long as the server runs: a read left open would keep the schema from changing
    serve(
        host,
        port,
        database_url=config["SQLALCHEMY_DATABASE_URI"],
        workers=config["WEB_WORKERS"],
        threads=config["WEB_THREADS"],
    )


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of lines.")
@with_appcontext
def check(as_json: bool) -> None:
    """Print every row that breaks an invariant of the business, and exit with 1 if there is one."""
    from webapp.queries.invariants import run_all

    offences = run_all()
    if as_json:
        click.echo(json.dumps([asdict(offence) for offence in offences], ensure_ascii=False, indent=2))
    else:
        for offence in offences:
            click.echo(f"{offence.invariant} {offence.subject}: {offence.message}")
    if offences:
        sys.exit(1)


@click.group()
def user() -> None:
    """People who log in."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
@click.option("--max-discount", metavar="PERCENT", help="Highest discount without asking; by default the role's.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@with_appcontext
def add_user(email: str, name: str, roles: tuple[str, ...], max_discount: str | None, password_stdin: bool) -> None:
    """Add a user who logs in with EMAIL."""
    from webapp.services import company
    from webapp.services.people import passwords, users

    company.the_company()
    added = users.add_user(
        email,
        name,
        [Role(role) for role in roles],
        password_hash=passwords.make_hash(_password(from_stdin=password_stdin)),
        max_discount=_percent(max_discount),
        actor=company.system_user(),
    )
    click.echo(f"{added.name} logs in as {added.email}.")


@click.command("import")
@click.argument("kind")
@click.argument("file", type=EXISTING)
@click.option("--dry-run", is_flag=True, help="Try the file out; keep nothing.")
@click.option("--mapping", type=EXISTING, help="JSON: their column to ours, or to null.")
@click.option("--skip-errors", is_flag=True, help="Take the good rows although others are wrong.")
@click.option("--as-of-dates", is_flag=True, help="Confirm each order at its own date by the credit of that day.")
@with_appcontext
def import_(kind: str, file: Path, dry_run: bool, mapping: Path | None, skip_errors: bool, as_of_dates: bool) -> None:
    """Take FILE in as KIND: customers, items, stock, prices, orders, invoices, payments. All rows or none, as a rule.

    Orders become drafts; with --as-of-dates they are confirmed, against what was invoiced and paid until their dates.
    """
    from webapp.services import company
    from webapp.services.importing import exporting
    from webapp.services.importing.files import Task, import_file
    from webapp.services.importing.reading import read_mapping

    columns = read_mapping(mapping.read_bytes()) if mapping else {}
    task = Task(kind, file.name, dry_run=dry_run, skip_errors=skip_errors, as_of_dates=as_of_dates, mapping=columns)
    data = file.read_bytes()
    with click.progressbar(length=data.count(b"\n"), label=kind) as bar:
        report = import_file(data, task, actor=company.system_user(), progress=bar.update)
    if report.faults:
        wrong = file.with_name(f"{file.name}.errors.csv")
        wrong.write_bytes(exporting.fault_file(report.faults))
        click.echo(f"The wrong rows are in {wrong}.", err=True)
    for number, reason in report.held:
        click.echo(f"{number} is on hold: {reason}")
    click.echo(report.sentence)
    if not report.kept and not dry_run:
        raise click.exceptions.Exit(1)


@click.command("export")
@click.argument("kind")
@click.argument("file", type=click.File("wb", lazy=True))
@with_appcontext
def export(kind: str, file: BinaryIO) -> None:
    """Write everything of KIND to FILE, as import reads it back unchanged."""
    from webapp.services import company
    from webapp.services.importing import exporting

    data = exporting.export_file(kind, actor=company.system_user())
    file.write(data)


@click.group()
def token() -> None:
    """Tokens of programs, which act as their user."""


@token.command("add")
@click.argument("email")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(["read", "write"]), help="By default both.")
@click.option("--expires", "days", type=int, metavar="DAYS", help="By default never: until it is revoked.")
@with_appcontext
def add_token(email: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make an API token of the user EMAIL and print it, this once."""
    from webapp.services import company
    from webapp.services.people import tokens

    chosen = [tokens.Scope(scope) for scope in scopes or ("read", "write")]
    click.echo(tokens.make_token(email, scopes=chosen, days=days, actor=company.system_user()))


@token.command("list")
@click.argument("email")
@with_appcontext
def list_tokens(email: str) -> None:
    """The tokens of the user EMAIL: number, scopes, when made, used last, over and revoked."""
    from webapp.queries.people.tokens import tokens_of

    for one in tokens_of(email):
        days = (one.created_at, one.last_used_at, one.expires_at, one.revoked_at)
        click.echo("\t".join([str(one.id), one.scopes, *(f"{day:%Y-%m-%d %H:%M}" if day else "-" for day in days)]))


@token.command("revoke")
@click.argument("token_id", type=int, metavar="NUMBER")
@with_appcontext
def revoke_token(token_id: int) -> None:
    """End the token NUMBER, as the list calls it, at once."""
    from webapp.services import company
    from webapp.services.people import tokens

    ended = tokens.revoke_token(token_id, actor=company.system_user())
    click.echo(f"Token {ended.id} of {ended.user.email} opens nothing any more.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _percent(text: str | None) -> Decimal | None:
    return None if text is None else parse_percent(text, field="Maximum discount")


@click.command()
@click.option("--end-with-parent", is_flag=True, hidden=True, help="Stop when the process that started this one ends.")
@with_appcontext
def worker(end_with_parent: bool) -> None:
    """Do the background work: deliver the mail that waits in the outbox."""
    from webapp import jobs, server

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if end_with_parent:
        server.end_with_parent()
    jobs.work(current_app._get_current_object(), stop)  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way


@click.command()
@click.option("--if-empty", is_flag=True, help="Leave a database that holds data; show the demo's log-ins again.")
@with_appcontext
def demo(if_empty: bool) -> None:
    """Load the demo company, Northwind, into an empty database."""
    _load_demo(if_empty=if_empty)


def _load_demo(*, if_empty: bool) -> None:
    from webapp.demo import load, people

    log_ins_file = people.log_ins_file(Path(current_app.instance_path), current_app.config["SQLALCHEMY_DATABASE_URI"])
    if if_empty and not load.is_empty():
        click.echo(people.kept(log_ins_file, load.company_name()) or "", nl=False)
        return
    with click.progressbar(length=1, label="Two years of Northwind", file=sys.stderr) as bar:

        def show(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        log_ins = load.load(show, keep=lambda made: people.keep(made, log_ins_file))
    click.echo(people.as_text(log_ins), nl=False)


COMMANDS: tuple[click.Command, ...] = (run, check, user, import_, export, token, worker, demo)

HELP = "Counterfoil: orders, credit, stock, shipments, invoices and payments of a wholesaler."

main = Program(
    name="counterfoil", create_app=create_app, add_default_commands=False, add_version_option=False, help=HELP
)

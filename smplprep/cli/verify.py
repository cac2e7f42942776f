"""``smplprep verify``: a thin skin over ``verify``."""

from __future__ import annotations

import click

from .shared import INPUT, device_option, max_bytes_option
from .terminal import say_text, terminal_width


@click.command("verify", short_help="Prove a cleaned file through stock smplx.")
@click.argument("cleaned", type=INPUT, metavar="CLEANED")
@click.option("--against", metavar="ORIGINAL", help="The original file, for four more checks.")
@device_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@max_bytes_option
def verify_command(
    cleaned: str, against: str | None, device: str, as_json: bool, max_bytes: int | None
) -> None:
    """Prove CLEANED: load it unchanged through stock smplx and check what its report claims.

    One line for each check; exit status 1 if any of them failed.

    Needs torch and smplx (0.8 to 6 GB): pip install 'smplprep[verify]'

    \b
    Example:
      smplprep verify SMPLH_NEUTRAL_clean.npz --against SMPLH_NEUTRAL.npz
    """
    import json
    from dataclasses import asdict

    from ..records.contents import limits_with
    from ..verification.verify import FAILED, verification_text, verify

    checks = verify(cleaned, against=against, device=device, limits=limits_with(max_bytes))
    if as_json:
        say_text(json.dumps([asdict(check) for check in checks], indent=1))
    else:
        say_text(verification_text(checks, width=terminal_width()))
    if any(check.status == FAILED for check in checks):
        raise click.exceptions.Exit(1)

"""The command line. Data goes to stdout, progress and faults to stderr.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by law, charter or gate, 130 interrupted (the same command goes
on). A command is a module here, named in the list below; whatever is slow to import is imported inside it.
"""

import sys

import typer

from countenance.cli import (
    analyze,
    audit_export,
    audit_fsck,
    audit_page,
    audit_prove,
    audit_verify,
    audit_witness,
    backup,
    coaching_check,
    coaching_kpis,
    config_init,
    config_schema,
    config_show,
    consent_asking,
    consent_notice,
    consent_record,
    consent_show,
    cost,
    data,
    data_sample,
    data_tuples,
    demo,
    doctor,
    erase,
    eval_ablation,
    eval_gate,
    eval_run,
    evidence,
    keys_add,
    keys_list,
    keys_revoke,
    models_card,
    models_convert,
    models_licences,
    models_list,
    models_pull,
    models_verify,
    policy_check,
    policy_explain,
    restore,
    retention_jobs,
    serve,
    sink_add,
    sink_enable,
    sink_list,
    sink_remove,
    sink_replay,
    sink_test,
    store_prepare,
    subject_requests,
    tail,
    tap,
    train_face,
    train_fusion,
    train_head,
    train_text,
    train_voice,
)
from countenance.cli.app import app
from countenance.cli.training import lacking
from countenance.contracts.errors import CountenanceError

__all__ = ("COMMANDS", "app", "main")

COMMANDS = (
    analyze,
    demo,
    serve,
    tail,
    sink_add,
    sink_list,
    sink_test,
    sink_replay,
    sink_enable,
    sink_remove,
    tap,
    doctor,
    cost,
    audit_verify,
    audit_prove,
    audit_export,
    audit_fsck,
    audit_witness,
    audit_page,
    erase,
    backup,
    restore,
    policy_explain,
    policy_check,
    consent_notice,
    consent_asking,
    consent_record,
    consent_show,
    subject_requests,
    retention_jobs,
    store_prepare,
    coaching_check,
    coaching_kpis,
    config_init,
    config_show,
    config_schema,
    keys_add,
    keys_list,
    keys_revoke,
    data,
    data_sample,
    data_tuples,
    models_list,
    models_licences,
    models_verify,
    models_pull,
    models_convert,
    models_card,
    eval_run,
    evidence,
    eval_ablation,
    eval_gate,
    train_face,
    train_fusion,
    train_head,
    train_text,
    train_voice,
)
"""Importing a module registers its command; the order is the order of the help."""


def main() -> None:
    """Run a command; a fault is one line and an exit code."""
    try:
        app(standalone_mode=True)
    except CountenanceError as error:
        typer.echo(f"countenance: {error.diagnosis}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.filename is None:
            raise
        typer.echo(f"countenance: {error.filename}: {error.strerror}", err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        if (said := lacking(error)) is None:
            raise
        typer.echo(f"countenance: {said}", err=True)
        sys.exit(1)

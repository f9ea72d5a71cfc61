"""The command line: `python -m services COMMAND`.

Most are for people; worker is what the app starts, and what
runs on further machines.
"""

import gc
import sys
from collections.abc import Callable
from typing import Final

USAGE: Final = """usage: python -m services COMMAND ...

  validate FILE   check a manifest and say what to fix
  convert FILE OUT.json
                  write Encord's registration JSON
  fix FILE OUT --code CODE --fix FIX
                  fix all findings of a code, in a new file
  replace FILE OUT --kind KIND --old TEXT --new TEXT
                  find and replace in all URLs, in a new file
  edit FILE OUT --edits EDITS.json
                  edit entries by hand, in a new file
  map-columns FILE OUT.csv --mapping MAPPING.json
                  say what the columns of a CSV mean, in a new file
  onboard FILE --integration TITLE --folder NAME
                  register, link and verify a manifest's entries
  adopt FILE --job UUID --folder-uuid UUID --integration TITLE
                  follow an upload job that was started elsewhere
  rescue --folder-uuid UUID
                  rebuild a run from a folder, when the ledger that knew it is lost
  retry RUN [--cause CODE] [--find TEXT] [--entries N-M]
                  send again what failed of a run
  pause RUN       send nothing new of a run
  resume RUN      go on with a run that is paused or needed attention
  cancel RUN      end a run; what is registered stays
  link RUN --dataset TITLE
                  link what arrived of a run to a dataset, then verify
  split RUN --by KEY --title "... {value}"
                  link a run to a new dataset for each value of a metadata key
  link-folder --folder-uuid UUID --dataset TITLE
                  link files of a folder to a dataset, then verify
  verify RUN      compare a run with its dataset once more
  verify-against --manifest FILE --dataset-uuid UUID
                  compare a manifest, run or receipt with a dataset or folder
  unlink RECEIPT --verdict unexpected --confirm TITLE
                  take rows out of a dataset, then verify
  create-dataset --title TITLE
                  create a dataset without a mirrored folder
  check-bucket NAME
                  ask Google what Encord needs of a bucket
  prove-integration NAME --integration TITLE
                  try an integration with one object of a bucket
  set-cors NAME FILE --if-metageneration N
                  set a bucket's CORS rules, unless somebody changed the bucket
  make-manifest NAME OUT.json --recipe FILE
                  list a bucket and make a manifest of it
  sandbox         start the stand-in for Encord and Google Cloud Storage
  verify-receipt FILE
                  say whether a receipt and its rows are what was given out
  ledger verify|backup FILE|restore FILE|keep FOLDER
                  look after the record of all runs
  worker          move runs forward, one of many (ENCORD_ONBOARDING_EXECUTOR=procrastinate)

COMMAND --help says more."""
EXIT_AWAY, EXIT_USAGE = 1, 2
#: Objects made before young ones are looked through, and how many such looks older ones wait for.
#: A listing makes a hundred thousand that stay; at Python's 700, looking takes a sixth of a run.
COLLECT_AFTER: Final = (200_000, 20, 20)
MANIFEST_COMMANDS: Final = ("validate", "convert", "fix", "replace", "edit", "map-columns")
RUN_COMMANDS: Final = (
    "retry",
    "pause",
    "resume",
    "cancel",
    "link",
    "split",
    "verify",
    "create-dataset",
)

PROOF_COMMANDS: Final = ("link-folder", "verify-against", "unlink")


def main(argv: list[str]) -> int:
    """Run one command and return its exit code."""
    if argv in (["--help"], ["-h"]):
        print(USAGE)  # noqa: T201 - the command's output
        return 0
    command = COMMANDS.get(argv[0]) if argv else None
    if command is None:
        print(USAGE, file=sys.stderr)  # noqa: T201 - the command's output
        return EXIT_USAGE
    gc.set_threshold(*COLLECT_AFTER)
    return command(argv[1:])


# Each command imports what it needs and no more: `validate` must not wait for the SDK.


def _manifest_command(name: str) -> Callable[[list[str]], int]:
    def run(argv: list[str]) -> int:
        from services.manifests import command  # noqa: PLC0415

        acts = {
            "validate": command.validate,
            "convert": command.convert,
            "fix": command.fix,
            "replace": command.replace,
            "edit": command.edit,
            "map-columns": command.map_columns,
        }
        return acts[name](argv)

    return run


def _onboard(argv: list[str]) -> int:
    from services.onboard import main as onboard  # noqa: PLC0415

    _configure_logs()
    return onboard(argv)


def _adopt(argv: list[str]) -> int:
    from services.adopt import adopt  # noqa: PLC0415

    _configure_logs()
    return adopt(argv)


def _rescue(argv: list[str]) -> int:
    from services.adopt import rescue  # noqa: PLC0415

    _configure_logs()
    return rescue(argv)


def _run_command(name: str) -> Callable[[list[str]], int]:
    def run(argv: list[str]) -> int:
        from services.run_commands import main as act  # noqa: PLC0415

        _configure_logs()
        return act(name, argv)

    return run


def _proof_command(name: str) -> Callable[[list[str]], int]:
    def run(argv: list[str]) -> int:
        from services import proof_commands  # noqa: PLC0415

        acts = {
            "link-folder": proof_commands.link_folder,
            "verify-against": proof_commands.verify_against,
            "unlink": proof_commands.unlink,
        }
        _configure_logs()
        return acts[name](argv)

    return run


def _check_bucket(argv: list[str]) -> int:
    from services.bucket_commands import check  # noqa: PLC0415

    return check(argv)


def _prove_integration(argv: list[str]) -> int:
    from services.bucket_commands import prove  # noqa: PLC0415

    _configure_logs()
    return prove(argv)


def _set_cors(argv: list[str]) -> int:
    from services.bucket_commands import set_cors  # noqa: PLC0415

    return set_cors(argv)


def _make_manifest(argv: list[str]) -> int:
    from services.bucket_commands import make_manifest  # noqa: PLC0415

    return make_manifest(argv)


def _sandbox(argv: list[str]) -> int:
    from services.sandbox.serve import main as serve  # noqa: PLC0415

    return serve(argv)


def _ledger(argv: list[str]) -> int:
    from services.ledger.command import main as care  # noqa: PLC0415
    from services.settings import Settings  # noqa: PLC0415

    return care(argv, Settings().ledger_url)


def _verify_receipt(argv: list[str]) -> int:
    from services.engine.proof.command import main as verify  # noqa: PLC0415
    from services.settings import Settings  # noqa: PLC0415

    settings = Settings()
    return verify(argv, settings.data_dir, settings.ledger_url)


def _worker(argv: list[str]) -> int:
    from services.bootstrap import (  # noqa: PLC0415
        build_worker,
        connect_standalone,
        require_whole_ledger,
        sweep_leftovers,
    )
    from services.engine.keeper import EXIT_DAMAGED, Keeper  # noqa: PLC0415
    from services.engine.worker_process import serve  # noqa: PLC0415
    from services.ledger.errors import LedgerAwayError  # noqa: PLC0415
    from services.ledger.keeping import DamagedLedgerError  # noqa: PLC0415
    from services.settings import Settings  # noqa: PLC0415

    _configure_logs()
    settings, fed = Settings(), "--fed" in argv
    try:
        require_whole_ledger(settings)
    except LedgerAwayError as away:  # whoever started this starts it again
        sys.stderr.write(f"error: {away}\n")
        return EXIT_AWAY
    except DamagedLedgerError as refused:
        sys.stderr.write(f"error: {refused}\n")
        if fed:  # ending would only make the parent start the next one
            sys.stdin.read()
        return EXIT_DAMAGED
    sweep_leftovers(settings)
    worker, connections = build_worker(settings)
    Keeper(settings.backups).start()
    if fed:  # keys arrive over the parent's pipe, and its end is ours
        serve(worker, connections)
    else:
        connect_standalone(settings, connections)
        worker.run()
    return 0


def _configure_logs() -> None:
    from services import logs  # noqa: PLC0415
    from services.settings import Settings  # noqa: PLC0415

    logs.configure(Settings().log_level)


COMMANDS: Final[dict[str, Callable[[list[str]], int]]] = {
    **{name: _manifest_command(name) for name in MANIFEST_COMMANDS},
    "onboard": _onboard,
    "adopt": _adopt,
    "rescue": _rescue,
    **{name: _run_command(name) for name in RUN_COMMANDS},
    **{name: _proof_command(name) for name in PROOF_COMMANDS},
    "check-bucket": _check_bucket,
    "prove-integration": _prove_integration,
    "set-cors": _set_cors,
    "make-manifest": _make_manifest,
    "sandbox": _sandbox,
    "ledger": _ledger,
    "verify-receipt": _verify_receipt,
    "worker": _worker,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A program and a command that do what a page offers, and how they speak to Encord and Google.

No key is ever part of one: programs take its file from ENCORD_SSH_KEY_FILE, as Encord's own do.
They are written from the values that the page's action uses; whatever a person typed is quoted.
"""

import shlex
from dataclasses import dataclass
from typing import Final

#: The address that Encord's SDK takes without being told.
DEFAULT_DOMAIN: Final = "https://api.encord.com"

CLIENT: Final = """\
client = EncordUserClient.create_with_ssh_private_key(
    ssh_private_key_path=os.environ["ENCORD_SSH_KEY_FILE"],
    domain=os.environ.get("ENCORD_DOMAIN", {domain!r}),
)
"""

_ENGINE: Final = '''\
"""{what}; the dashboard's worker does the work."""

from services.bootstrap import build_runtime
{imports}from services.settings import Settings

runtime = build_runtime(Settings())
{call}
'''
_CONNECTED: Final = '''\
"""{what}."""

from services.bootstrap import build_runtime
from services.connecting import connect
{imports}from services.settings import Settings

runtime = build_runtime(Settings({domain}))
connection = connect(runtime, {kind!r})
{call}
runtime.stop()
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The same action as a program, as a command or as both; run in the folder of this one."""

    python: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A connection, as a script names it."""

    domain: str = DEFAULT_DOMAIN
    is_sandbox: bool = False

    def client(self) -> str:
        """Return the lines that make Encord's client."""
        return CLIENT.format(domain=self.domain)

    def command(self, *words: str) -> str:
        """Return a command of this program, for this connection."""
        if self.is_sandbox:
            return command(*words, "--connection", "sandbox")
        lines = ["export ENCORD_SSH_KEY_FILE=path/to/private/key"]
        if self.domain != DEFAULT_DOMAIN:
            lines.append(f"export ENCORD_ONBOARDING_DOMAIN={shlex.quote(self.domain)}")
        return "\n".join((*lines, command(*words, "--connection", "encord")))

    def program(self, what: str, call: str, imports: str = "") -> str:
        """Return a program of the engine that asks Encord for something itself.

        Args:
            what: Its first line.
            call: What it does with `runtime` and `connection`.
            imports: Lines to import what that needs.
        """
        is_usual = self.is_sandbox or self.domain == DEFAULT_DOMAIN
        return _CONNECTED.format(
            what=what,
            imports=imports,
            domain="" if is_usual else f"domain={self.domain!r}",
            kind="sandbox" if self.is_sandbox else "encord",
            call=call,
        )


def command(*words: str) -> str:
    """Return a command of this program, each word quoted where a shell needs it."""
    return shlex.join(("python", "-m", "services", *words))


def path(name: str) -> str:
    """Return a file's name so that no command takes it for an option."""
    return f"./{name}" if name.startswith("-") else name


def given(name: str, content: str) -> str:
    """Return the lines before a command that write a file it reads."""
    return f"cat > {name} <<'END_OF_FILE'\n{content.rstrip()}\nEND_OF_FILE\n"


def engine(what: str, call: str, imports: str = "") -> str:
    """Return a program that asks the engine for what its worker then does.

    Args:
        what: The program's first line.
        call: What it asks of `runtime`.
        imports: Lines to import what the call needs, in the alphabet before `services.settings`.
    """
    return _ENGINE.format(what=what, call=call, imports=imports)

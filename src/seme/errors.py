"""The errors that a person is meant to read.

Every one of them carries a message that names what was wrong and, in `hint`, what would mend it. The command
line prints both and exits with `exit_code`; the web turns them into a page. Anything else that escapes is a bug.
"""

from __future__ import annotations


class SemeError(Exception):
    """A failure with an explanation for the person who caused or met it.

    Parameters
    ----------
    message
        What went wrong, naming the argument or file and its value.
    hint
        What the person can do about it, as a sentence or a command.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InputError(SemeError):
    """An argument, a file or a request that cannot be used as it is (exit code 2)."""

    exit_code = 2


class NotFoundError(SemeError):
    """A paper, person, collection or subscription that does not exist (exit code 3)."""

    exit_code = 3


class SourceError(SemeError):
    """A source of papers that answered wrongly or not at all (exit code 4); what was read before is kept."""

    exit_code = 4


class AssetError(SemeError):
    """A model or data set that is missing, or whose bytes are not the pinned ones (exit code 5)."""

    exit_code = 5


class MailError(SemeError):
    """The mail server refused or could not be reached (exit code 6)."""

    exit_code = 6


class CorruptionError(SemeError):
    """A stored index or file whose content contradicts itself (exit code 7); `seme doctor --repair` rebuilds it."""

    exit_code = 7

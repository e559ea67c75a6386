"""Addresses of people: what mail can be sent to, and nothing that could be read as something else."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import getaddresses

import pytest

from seme.errors import InputError
from seme.papers.library.people import clean_email


@pytest.mark.parametrize(
    "address",
    ["ada@example.org", "a.b+c@d.e", "o'neil@mail.co.uk", "zoë@exämple.org", "a_b@c-d.de", " Ada@Example.org "],
)
def test_addresses_of_people_are_kept(address: str) -> None:
    message = EmailMessage()
    message["To"] = clean_email(address)
    assert [found for _, found in getaddresses([str(message["To"])])] == [address.strip().lower()]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@a.de",
        "a@b",
        "a..b@c.de",
        ".a@b.de",
        "a.@e..d/*z",
        "a@-b.de",
        "a@b_c.de",
        "a b@c.de",
        "a@b.de, c@d.de",
        "a@b.de\nBcc: c@d.de",
        '"a"@b.de',
        "a@[127.0.0.1]",
        "a@b@c.de",
        f"{'a' * 65}@b.de",
        f"a@{'b' * 64}.de",
    ],
)
def test_anything_else_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="not an e-mail address"):
        clean_email(address)

"""A text as what a user says to a chat model, up to its last token."""

from __future__ import annotations

from typing import Any

from seme.errors import InputError


def user_turn(tokenizer: Any, text: str, *, system: str = "") -> list[int]:
    """Return the tokens of a conversation that ends with the last token of what the user said.

    Parameters
    ----------
    tokenizer
        With a chat template; one without gets the system prompt, a line break and the text.
    text
        What the user says.
    system
        The system prompt; "" is given as an empty one, since templates put one of their own where there is none.

    Raises
    ------
    InputError
        If the text is empty, or the template does not give it as it is.
    """
    if not text.strip():
        raise InputError("text is empty, expected an utterance")
    if not getattr(tokenizer, "chat_template", None):
        rendered = f"{system}\n{text}" if system else text
    else:
        turns = [{"role": "system", "content": system}, {"role": "user", "content": text}]
        rendered = tokenizer.apply_chat_template(turns, tokenize=False)
    end = rendered.rfind(text)
    if end < 0:
        raise InputError(f"the chat template changes the text {text[:40]!r}", hint="Strip its ends first")
    ids: list[int] = tokenizer.encode(rendered[: end + len(text)], add_special_tokens=False)
    return ids

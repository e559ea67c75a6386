"""A fact hidden in a long text, and the question that asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from transformers import PreTrainedTokenizerBase

from seme.errors import InputError

INSTRUCTION = "\n\nBased on the text above, answer the question with the exact words of the text.\nQuestion: {question}"
_CONTENT = "\u241f"
"""Stands for the message while the chat template is rendered around it."""


@dataclass(frozen=True, slots=True)
class Needle:
    """A sentence that no model knows, and a question whose answer is a part of it, word for word.

    Parameters
    ----------
    sentence, question, answer
        `answer` occurs in `sentence` exactly once.

    Raises
    ------
    InputError
        If the answer does not occur once in the sentence, or a text is empty.
    """

    sentence: str
    question: str
    answer: str

    def __post_init__(self) -> None:
        if not self.question.strip() or not self.answer.strip() or self.sentence.count(self.answer) != 1:
            raise InputError(
                f"answer is {self.answer!r} and occurs {self.sentence.count(self.answer or ' ')} times in the "
                f"sentence {self.sentence!r}; once is wanted, and a question",
            )


@dataclass(frozen=True, slots=True)
class RetrievalPrompt:
    """A prompt whose answer stands in it.

    Parameters
    ----------
    ids
        Tokens of the prompt.
    span
        First token of the answer in the prompt, and the one behind its last.
    depth
        How far down the text the fact was put, 0 to 1.

    Raises
    ------
    InputError
        If the span is empty or not within the prompt.
    """

    ids: tuple[int, ...]
    span: tuple[int, int]
    depth: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.span[0] < self.span[1] <= len(self.ids) - 1:
            raise InputError(f"span is {self.span}; it may be a part of the {len(self.ids)} tokens, but for the last")

    @property
    def answer(self) -> tuple[int, ...]:
        """Tokens of the answer as they stand in the prompt."""
        return self.ids[slice(*self.span)]


def needle_prompt(
    tokenizer: PreTrainedTokenizerBase,
    haystack: str,
    needle: Needle,
    *,
    length: int,
    depth: float,
    instruction: str = INSTRUCTION,
    cue: str = "",
) -> RetrievalPrompt:
    """Hide a needle in the beginning of a text and ask for it.

    The needle goes to the end of the last sentence before the wanted depth. A tokenizer with a chat template puts the
    text and the question into a user's message.

    Parameters
    ----------
    tokenizer
        A fast one, which tells which letters each token stands for.
    haystack
        A text long enough for the prompt.
    needle
        What is hidden.
    length
        Tokens of the whole prompt.
    depth
        0 puts the needle at the beginning, 1 at the end.
    instruction
        Follows the text, with `{question}`.
    cue
        Begins the answer.

    Raises
    ------
    InputError
        If `length` leaves no room for the text beside needle and question, the haystack is too short, the depth is not
        within 0 and 1, or the tokenizer is slow.
    """
    if not 0 <= depth <= 1:
        raise InputError(f"depth is {depth}, expected a number from 0 (beginning) to 1 (end)")
    before, after = _surroundings(tokenizer, instruction.format(question=needle.question), cue)
    sentence, span = _needle_tokens(tokenizer, needle)
    fixed = len(before) + len(sentence) + len(after)
    room = length - fixed
    if room < 1:
        raise InputError(
            f"length is {length}, and needle, question and template alone take {fixed} tokens",
            hint=f"Give a length of {fixed + 1} or more",
        )
    hay = tokenizer.encode(haystack[: 12 * room + 1000], add_special_tokens=False)[:room]
    if len(hay) < room:
        raise InputError(
            f"haystack has {len(hay)} tokens, and a prompt of length {length} needs {room}",
            hint="Join more texts, or lower length",
        )
    place = _sentence_end(tokenizer, hay, round(depth * room))
    start = len(before) + place
    ids = (*before, *hay[:place], *sentence, *hay[place:], *after)
    return RetrievalPrompt(ids, (start + span[0], start + span[1]), depth)


def _surroundings(tokenizer: PreTrainedTokenizerBase, asked: str, cue: str) -> tuple[list[int], list[int]]:
    rendered = f"{_CONTENT}{asked}\nAnswer:"
    if tokenizer.chat_template is not None:
        message = [{"role": "user", "content": f"{_CONTENT}{asked}"}]
        rendered = str(tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True))
    head, _, tail = rendered.partition(_CONTENT)
    return _encode(tokenizer, head), _encode(tokenizer, tail + cue)


def _encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
    return ids


def _needle_tokens(tokenizer: PreTrainedTokenizerBase, needle: Needle) -> tuple[list[int], tuple[int, int]]:
    """Return the needle's tokens, and which of them are the answer: those that hold a letter of it."""
    if not tokenizer.is_fast:
        raise InputError(
            f"tokenizer is {type(tokenizer).__name__}, which does not tell letters by token",
            hint="Load a fast one: AutoTokenizer.from_pretrained(name, use_fast=True)",
        )
    text = f" {needle.sentence.strip()}"
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    start = text.index(needle.answer)
    end = start + len(needle.answer)
    held = [n for n, (first, last) in enumerate(encoded["offset_mapping"]) if first < end and last > start]
    return list(encoded["input_ids"]), (held[0], held[-1] + 1)


def _sentence_end(tokenizer: PreTrainedTokenizerBase, hay: list[int], place: int) -> int:
    """Return the place behind the last full stop at or before `place`; the beginning, where there is none."""
    if place >= len(hay):
        return len(hay)
    ends = (one for one in range(place, 0, -1) if str(tokenizer.decode([hay[one - 1]])).rstrip().endswith("."))
    return next(islice(ends, 1), 0)

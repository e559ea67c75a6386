"""Paper 54: the heads that copy from the context, and what a model does without them (Wu et al. 2024).

`needle_prompt` hides a fact in a long text and asks for it, `retrieval_scores` finds the heads that look at each word
of the answer while the model writes it, and `masked_answers` decodes the answer without some heads.
"""

from seme.interp.heads.retrieval.answers import recall, stop_tokens, token_f1, words_of
from seme.interp.heads.retrieval.attention import eager_attention
from seme.interp.heads.retrieval.detection import retrieval_scores
from seme.interp.heads.retrieval.masked import Answers, masked_answers
from seme.interp.heads.retrieval.planted import planted_copier, planted_prompts
from seme.interp.heads.retrieval.prompts import Needle, RetrievalPrompt, needle_prompt
from seme.interp.heads.retrieval.scores import RetrievalScores, copied_share

__all__ = [
    "Answers",
    "Needle",
    "RetrievalPrompt",
    "RetrievalScores",
    "copied_share",
    "eager_attention",
    "masked_answers",
    "needle_prompt",
    "planted_copier",
    "planted_prompts",
    "recall",
    "retrieval_scores",
    "stop_tokens",
    "token_f1",
    "words_of",
]

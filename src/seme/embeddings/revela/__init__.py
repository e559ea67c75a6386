"""Revela: a retriever that learns from a language model's attention to the other chunks of a batch (paper 25)."""

from seme.embeddings.revela.attention import Helper, Recorder, cross_attention, in_batch_attention
from seme.embeddings.revela.batches import ChunkBatches, group_chunks
from seme.embeddings.revela.chunking import split_chunks
from seme.embeddings.revela.joint import Revela, RevelaObjective
from seme.embeddings.revela.lora import add_lora, merge_lora
from seme.embeddings.revela.retriever import DecoderRetriever
from seme.embeddings.revela.weights import shuffled_weights, similarity_weights, uniform_weights

__all__ = [
    "ChunkBatches",
    "DecoderRetriever",
    "Helper",
    "Recorder",
    "Revela",
    "RevelaObjective",
    "add_lora",
    "cross_attention",
    "group_chunks",
    "in_batch_attention",
    "merge_lora",
    "shuffled_weights",
    "similarity_weights",
    "split_chunks",
    "uniform_weights",
]

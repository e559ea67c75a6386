"""The words that prompts are made of; of these, a task takes those that the tokenizer has as one token."""

from __future__ import annotations

NAMES = (
    "John", "Mary", "Tom", "James", "Dan", "Sarah", "Amy", "Lisa", "Paul", "Mark", "Anna", "Kate", "Alice", "Bob",
    "Jack", "Emma", "David", "Robert", "Michael", "Peter", "Laura", "Susan", "Simon", "Martin", "Helen", "Jane",
    "Henry", "Alan", "Luke", "Adam", "Ruth", "Rose", "Frank", "Emily",
)  # fmt: skip
PLACES = (
    "store", "garden", "station", "park", "office", "school", "house", "market",
)  # fmt: skip
OBJECTS = (
    "drink", "book", "letter", "ring", "ball", "key", "gift", "coat",
)  # fmt: skip
EVENTS = (
    "war", "trial", "strike", "siege", "reign", "voyage", "campaign", "project", "conflict", "program",
)  # fmt: skip
ARGUMENTS = (
    "load", "size", "file", "last", "name", "path", "key", "value", "start", "end", "index", "data", "text", "line",
    "color", "shape", "width", "height", "user", "code", "count", "list", "node", "field", "table", "time", "date",
    "price", "order", "level",
)  # fmt: skip
WORDS = (
    "oil", "column", "piece", "crime", "population", "unit", "dark", "sun", "river", "table", "window", "paper",
    "music", "green", "field", "stone", "train", "summer", "water", "city", "road", "leaf", "snow", "horse", "house",
    "cloud", "garden", "bread", "market",
)  # fmt: skip

"""One module for each paper, `pNN_slug.py`: model and data, the library's code, a report. `seme run` finds them."""

"""Parts of the experiment on Disambiguated Skip-gram."""

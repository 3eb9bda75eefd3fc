# Everything runs in .venv, which the first target that needs it creates.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: verify verify-all atlas test slow lint bench calibrate mutants mutate schema clean

verify: $(VENV)/.installed  ## the main job, by NumPy, PyTorch, TensorFlow and JAX
	$(RUN) verify.py

verify-all: $(VENV)/.installed-all  ## the same by every framework that there is a file for
	$(RUN) verify.py

atlas: $(VENV)/.installed-all  ## regenerate docs/atlas.md and docs/atlas.json
	$(RUN) verify.py atlas --output docs --quiet

test: $(VENV)/.installed-test  ## all tests but the slow ones
	$(RUN) -m pytest -n auto

slow: $(VENV)/.installed-test  ## the slow tests
	$(RUN) -m pytest -n auto -m slow

lint: $(VENV)/.installed-test  ## linter and type checker
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/.installed-test  ## speed, as ratios within one run
	$(RUN) -m benchmarks.main_job
	$(RUN) -m benchmarks.peers
	$(RUN) -m benchmarks.symbolic

calibrate: $(VENV)/.installed-test  ## errors of correct gradients, as fractions of the tolerance
	$(RUN) -m benchmarks.calibrate

mutants: $(VENV)/.installed-test  ## planted wrong gradients, and valid ones, before the court
	$(RUN) -m trial.mutants

mutate: $(VENV)/.installed-test  ## mutants of the court's own code (docs/mutation.md); minutes
	$(RUN) -m pip install --quiet mutmut
	$(VENV)/bin/mutmut run
	$(VENV)/bin/mutmut results

schema: $(VENV)/.installed  ## regenerate report/schema.json from the records
	$(RUN) -m report.document

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable '.[jax]'
	touch $@

$(VENV)/.installed-all: $(VENV)/.installed
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable '.[all]'
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed-all
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable '.[all,test]'
	touch $@

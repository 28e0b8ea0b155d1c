# Each target makes what it needs: python3 (3.11 or newer) with venv, and make, are all a machine must have.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Beside the environment stands paramiko 4, the last that speaks to routers of 12.4; the lab's tests need it.

.PHONY: demo tour test lint types contracts soak bench clean

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "getvpn-ops needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps --target $(VENV)/paramiko4 'paramiko>=4,<5'
	@touch $(STAMP)

demo: $(STAMP)
	$(BIN)/getvpn-ops demo

# Health, drift, a rekey by a plan, a fault that is found and diagnosed.
tour: $(STAMP)
	$(BIN)/getvpn-ops lab up --configs running --seed 1 -o table
	$(BIN)/getvpn-ops health --lab -o table --fail-on never || test $$? -eq 3
	$(BIN)/getvpn-ops config diff --lab -o table
	$(BIN)/getvpn-ops plan action rekey WAN --lab -o table
	$(BIN)/getvpn-ops apply last --lab --yes -o table
	@if command -v ssh >/dev/null; then set -x; ssh -F .getvpn-ops/lab/ssh_config lds-ks1 "show running-config | section crypto gdoi group WAN"; echo; fi
	$(BIN)/getvpn-ops lab fault ork-gm1 udp-848-blocked -o table
	$(BIN)/getvpn-ops lab advance +3h -o table
	$(BIN)/getvpn-ops health --lab --changes -o table || test $$? -eq 4
	$(BIN)/getvpn-ops diagnose ork-gm1 --lab -o table || test $$? -eq 4
	$(BIN)/getvpn-ops lab ledger -o table
	$(BIN)/getvpn-ops lab down
	$(BIN)/getvpn-ops explain udp-848-blocked -o table

# Three workers on two cores: tests over SSH mostly wait.
test: $(STAMP)
	$(BIN)/python -m pytest -q -n 3 --dist worksteal

soak: $(STAMP)
	GETVPN_OPS_SOAK=1 $(BIN)/python -m pytest -q -n 2 -m soak

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python benchmarks/parse.py
	$(BIN)/python -W ignore benchmarks/lab.py
	$(BIN)/python benchmarks/living.py
	$(BIN)/python benchmarks/config.py
	$(BIN)/python benchmarks/migrate.py --members 50
	$(BIN)/python benchmarks/collect.py --devices 50 200 --scenes plain --rounds 1

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build

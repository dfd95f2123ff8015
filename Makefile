# Thin aliases: everything is done by infra/dev. PYTHON chooses the Python that makes .venv.
PYTHON ?= python3
DEV := $(PYTHON) -m infra.dev

.PHONY: help run test check fix bench estimate demo clean-state lock migration

help: ; @$(DEV) 2>&1 || true
run: ; @$(DEV) run $(ARGS)
test: ; @$(DEV) test $(ARGS)
check: ; @$(DEV) check
fix: ; @$(DEV) fix
bench: ; @$(DEV) bench $(ARGS)
estimate: ; @$(DEV) estimate $(ARGS)
demo: ; @$(DEV) demo $(if $(ROSTER),--roster "$(ROSTER)") $(if $(CREDITS),--credits "$(CREDITS)")
clean-state: ; @$(DEV) clean-state
lock: ; @$(DEV) lock
migration: ; @$(DEV) migration "$(service)" "$(m)"

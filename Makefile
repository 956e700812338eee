# Patriot. `make demo` shows a living city center, `make test` proves it. Everything needed is installed on the way.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test check bench dev docs words lock clean install build messages

BIN := .venv/bin
COMPILE := $(BIN)/python -m compileall -q src/patriot || true  # a start without it is twice as slow
NPM := $(BIN)/python frontend/npm.py
INSTALLED := .venv/installed
MODULES := frontend/node_modules/.installed
BUILT := frontend/node_modules/.built
FRONT_SOURCES := $(shell find frontend -path frontend/node_modules -prune -o -type f -print)
CATALOGUES := $(wildcard src/patriot/*/locale/*/LC_MESSAGES/*.po)
COMPILED := $(CATALOGUES:.po=.mo)

help:  ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: install build messages  ## the whole center with a simulated city in it (Ctrl-C stops it)
	@$(COMPILE)
	@exec $(BIN)/patriot demo

up: install build messages  ## the whole center, for real work
	@$(COMPILE)
	@exec $(BIN)/patriot up

test: install build messages  ## all tests, on embedded services
	@sh scripts/chromium
	@$(BIN)/python -m pytest $(PYTEST)

check: install build messages  ## style, types, room borders, migrations, city packs, front end
	@$(BIN)/python scripts/check.py

bench: install build messages  ## measure, against a baseline in the same run
	@$(BIN)/python -m bench

dev: install build messages  ## the demo, with the front end rebuilt after every change
	@$(NPM) run watch & watch=$$!; trap 'kill $$watch' EXIT; PATRIOT_DEV=1 $(BIN)/patriot demo

docs: install  ## where the documentation is
	@ls docs/*.md docs/decisions/*.md

words: install  ## collect new words into the Indonesian catalogue, list those to translate
	@$(BIN)/python scripts/messages.py

lock: install  ## pin every package, with hashes, into requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.12 --upgrade --generate-hashes --group dev \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header --output-file requirements.lock pyproject.toml

clean:  ## remove what was installed and built here; data under PATRIOT_HOME stays
	rm -rf .venv frontend/node_modules src/patriot/site/static/built $(COMPILED)

install: $(INSTALLED)
build: $(BUILT)  ## the front end
messages: $(COMPILED)

$(INSTALLED): requirements.lock pyproject.toml scripts/install
	@sh scripts/install

$(MODULES): frontend/package-lock.json $(INSTALLED)
	@echo "Fetching the front end's packages ..."
	@$(NPM) ci --no-audit --no-fund --loglevel=error || { \
		echo "npm could not fetch the front end's packages: connect to the network, or tell npm your registry, then run the same command again." >&2; exit 1; }
	@touch $@

$(BUILT): $(FRONT_SOURCES) $(MODULES)
	@echo "Building the front end ..."
	@$(NPM) run build --silent -- --logLevel error
	@touch $@

%.mo: %.po $(INSTALLED)
	@$(BIN)/python scripts/compile_messages.py $<

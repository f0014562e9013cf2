# The commands of Oncebox. `make` alone lists them.

# Node 26 comes with the packages of package.json: npm puts it here, and it goes before the machine's own.
BIN := $(CURDIR)/node_modules/.bin
# With the compiled code kept, a start takes half the time and 100 MB less memory: types are stripped once, not in each thread.
# Written after each full install, so that a newer lockfile means a new install.
INSTALLED := node_modules/.installed
# What only the tests need, such as a PostgreSQL server, is a package of its own: `make run` downloads none of it.
TESTS_INSTALLED := tests/node_modules/.installed

.DEFAULT_GOAL := help
.PHONY: help up down logs run test check

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

up: ## build the image and start the service in the background, on http://localhost:8000
	docker compose up -d --build

down: ## stop the service and delete its container and its data
	docker compose down -v

logs: ## follow the log of the service
	docker compose logs -f api

run: $(INSTALLED) ## start on this machine without Docker, with SQLite in ./data/ (needs WEBHOOK_SECRET)
	@npm run --silent build >&2
	@PATH="$(BIN):$$PATH" NODE_COMPILE_CACHE=node_modules/.cache/node exec node --max-semi-space-size=16 app/main.ts

test: $(INSTALLED) $(TESTS_INSTALLED) ## run every test
	@npm test

check: $(INSTALLED) $(TESTS_INSTALLED) ## check formatting, lint, types, layers and dead code
	@npm run check

# npm speaks to stderr here: what `make run` writes to stdout is the log of the service alone.
$(INSTALLED): package-lock.json
	@npm ci --include=dev --include=optional --no-audit --no-fund --loglevel=error >&2
	@node scripts/pinned-node.mjs
	@touch $@

# Without scripts: tests/support/postgres-programs.ts does what those of PostgreSQL's packages would.
$(TESTS_INSTALLED): tests/package-lock.json
	@npm ci --prefix tests --include=optional --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	@touch $@

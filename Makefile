# The commands of Oncebox. `make` alone lists them.

# Each target installs what it needs and does not find (scripts/install.mjs). Where the machine's own Node is too old, that includes
# one that is recent enough: npm's scripts find it here, before the machine's.
BIN := $(CURDIR)/node_modules/.bin

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

# What `make run` writes to stdout is the log of the service alone. With the compiled code kept, a start takes half the time and 100 MB
# less memory: types are stripped once, not in each thread.
run: ## start on this machine without Docker, with SQLite in ./data/ (needs WEBHOOK_SECRET)
	@npm run --silent build >&2
	@PATH="$(BIN):$$PATH" NODE_COMPILE_CACHE=node_modules/.cache/node exec node --max-semi-space-size=16 --no-allocation-site-pretenuring app/main.ts

test: ## run every test
	@npm test

check: ## check formatting, lint, types, layers and dead code
	@npm run check

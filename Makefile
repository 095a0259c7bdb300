# make help shows what there is.
GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X main.version=$(VERSION)
export CGO_ENABLED := 1

.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## start the demo town and the payment sandbox on loopback
	@exec bin/nearby demo

build: assets ## build bin/nearby and the two sandboxes
	@mkdir -p bin
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/nearby ./cmd/stripesandbox ./cmd/gatewaysandbox

# The fonts, icons and scripts come from npm packages named in package-lock.json.
# Without Node.js the program is built without them and every page still works.
assets: bin/vendored

bin/vendored: package.json package-lock.json scripts/vendor.mjs
	@mkdir -p bin
	@if ! command -v npm >/dev/null 2>&1; then \
		echo "npm is not installed: building without fonts, icons and scripts (every page works without them)"; \
	elif npm ci --ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error >/dev/null && node scripts/vendor.mjs; then \
		touch $@; \
	else \
		echo "npm could not install fonts, icons and scripts: building without them (every page works without them)"; \
	fi

test: assets ## every test, on SQLite and PostgreSQL
	@$(GO) run ./internal/database/dbtest/withpostgres $(GO) test -count=1 -timeout 20m ./...

race: assets ## the same under the race detector
	@$(GO) run ./internal/database/dbtest/withpostgres $(GO) test -count=1 -timeout 40m -race ./...

check: lint race ## format, lint, race, templates

lint: bin/golangci-lint ## format and lint
	@test -z "$$(gofmt -l cmd internal migrations web bench)" || { gofmt -l cmd internal migrations web bench; echo "gofmt: the files above are not formatted"; exit 1; }
	@$(GO) vet ./...
	@bin/golangci-lint run ./...

bin/golangci-lint:
	@mkdir -p bin
	@GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

vuln: ## known faults in what we depend on
	@$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.8.0 ./...

dev: build ## the demo, reading web/ from disk on every request
	@NEARBY_DEV=1 exec bin/nearby demo

browser: build ## journeys, accessibility and budgets in a real browser
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@npx playwright test --config web/journeys/playwright.config.mjs
	@node web/journeys/lighthouse.mjs

pictures: build ## the pictures of the README, from the demo town
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@node web/journeys/pictures.mjs

bench: build ## every performance figure of the README
	@$(GO) run ./bench

torture: build ## kill -9, lost webhooks and races, at full length
	@NEARBY_TORTURE=1 $(GO) run ./internal/database/dbtest/withpostgres $(GO) test -count=1 -timeout 60m ./internal/torture/...
	@NEARBY_TORTURE=1 $(GO) run ./internal/database/dbtest/withpostgres $(GO) test -count=1 -timeout 180m ./internal/order -run 'TestRush|TestRandomMoney|TestExpireAgainstPay'

mutants: ## plant known faults about money: a named test must notice each
	@$(GO) run ./internal/database/dbtest/withpostgres $(GO) run ./internal/torture/mutants

docker: ## the container image
	@docker build -t nearby:$(VERSION) --build-arg VERSION=$(VERSION) .

clean: ## remove what was built (not ./data)
	@rm -rf bin node_modules test-results playwright-report

.PHONY: help run build assets test race check lint vuln dev browser pictures bench torture mutants docker clean

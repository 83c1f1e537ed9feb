# The two commands of a newcomer are `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test test-sodium test-python fuzz bench build install deps test-deps format lint mutants man clean

PREFIX ?= /usr/local
SWIFT = $(wildcard Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources Fuzz/Package.swift Fuzz/Sources)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: deps ## build, then watch a request cross the mesh; Ctrl-C ends it
	@echo "Building (the first time takes about five minutes)"
	@swift build --product wiremesh
	@.build/debug/wiremesh dev --demo

# One test after the other: many start processes and wait for them, which starves the rest on a small machine.
test: test-deps ## run all tests
	@swift build --build-tests
	@SWIFT_BACKTRACE=enable=no swift test --skip-build --no-parallel
	@$(MAKE) --no-print-directory test-python

test-sodium: test-deps ## test the protocol and its links as built without OpenSSL
	@swift test --disable-default-traits --scratch-path .build-sodium --no-parallel --filter '^(WireTests|TransportTests)\.'

test-python: test-deps ## run the tests of the Python implementation, alone and against this one
	@swift build --product wiremesh
	@cd spec/python && $(CURDIR)/.venv/bin/mypy
	@cd spec/python && WIREMESH=$(CURDIR)/.build/debug/wiremesh $(CURDIR)/.venv/bin/python tests/run.py

fuzz: deps ## run each fuzz target for a minute (scripts/fuzz SECONDS TARGET for one)
	@scripts/fuzz 60

bench: deps ## measure against gRPC, ZeroMQ and nginx in the same run (W=WORKLOAD for one)
	@Benchmarks/run $(W)

build: deps ## the release build: .build/release/wiremesh
	swift build -c release --product wiremesh

install: build ## install the command, its man page and completions under PREFIX (/usr/local)
	install -D -m 755 .build/release/wiremesh $(DESTDIR)$(PREFIX)/bin/wiremesh
	install -D -m 644 docs/wiremesh.1 $(DESTDIR)$(PREFIX)/share/man/man1/wiremesh.1
	@for shell in bash zsh fish; do \
	    case $$shell in \
	        bash) path=share/bash-completion/completions/wiremesh ;; \
	        zsh) path=share/zsh/site-functions/_wiremesh ;; \
	        fish) path=share/fish/vendor_completions.d/wiremesh.fish ;; \
	    esac; \
	    mkdir -p "$$(dirname "$(DESTDIR)$(PREFIX)/$$path")"; \
	    .build/release/wiremesh --generate-completion-script $$shell > "$(DESTDIR)$(PREFIX)/$$path"; \
	done

format: ## format all Swift sources in place
	swift format --in-place --parallel --recursive $(SWIFT)

lint: ## say where the format is not kept, or a table of spec/ is not as its registry
	swift format lint --strict --parallel --recursive $(SWIFT)
	spec/render --check

mutants: ## run workers that are broken on purpose against the conformance run: each must be caught
	@swift build --product wiremesh
	@scripts/test-venv
	@scripts/conformance-mutants

man: ## write the man page, docs/wiremesh.1, from the command's own help
	@swift build --product wiremesh
	@scripts/man .build/debug/wiremesh > docs/wiremesh.1.new
	@mv docs/wiremesh.1.new docs/wiremesh.1

clean: ## remove what building and testing made
	rm -rf .build .build-sodium .venv

deps:
	@scripts/install-deps build

test-deps:
	@scripts/install-deps test
	@scripts/test-venv

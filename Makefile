# SPDX-License-Identifier: Apache-2.0
# The commands of every day. Tests and the demo share one build (debug), so that a newcomer builds once.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps build test demo bench format format-check

# Swift from PATH, else from where its tarball is usually unpacked.
SWIFT ?= $(shell command -v swift || echo /opt/swift/usr/bin/swift)
# Further arguments for `truc demo` and `truc bench accept`.
ARGS ?=

FORMATTED := Sources Tests Package.swift

help:
	@echo 'make demo          install what is missing, build, and send a document from one agency to another;'
	@echo '                   stays up until Ctrl-C. ARGS=--exit ends by itself, with status 0 if every step held'
	@echo 'make test          run every test; FILTER=StoreTests runs some'
	@echo 'make build         build the truc command (debug): .build/debug/truc'
	@echo 'make bench         build for release and measure how many packages a second are accepted;'
	@echo '                   ARGS="--connections 64" and others: see .build/release/truc bench accept --help'
	@echo 'make deps          install the libraries and PostgreSQL that are missing (apt; no database cluster is created)'
	@echo 'make format        format the sources'
	@echo 'make format-check  say what is not formatted'
	@echo
	@echo 'Swift 6.3 must be there already: https://www.swift.org/install'

deps:
	@deploy/install-dependencies

build: deps
	@$(SWIFT) build --product truc

# The command is built with the tests: some of them start it as a user would. One test at a time: many start a hub, a
# database or a load of their own, and all at once they would find out what the machine bears and not what they ask.
test: deps
	@$(SWIFT) build --build-tests
	@$(SWIFT) test --skip-build --disable-xctest --no-parallel $(if $(FILTER),--filter '$(FILTER)')

demo: build
	@.build/debug/truc demo $(ARGS)

bench: deps
	@$(SWIFT) build -c release --product truc
	@.build/release/truc bench accept $(ARGS)

format:
	@$(SWIFT) format --in-place --recursive --parallel $(FORMATTED)

format-check:
	@$(SWIFT) format lint --strict --recursive --parallel $(FORMATTED)

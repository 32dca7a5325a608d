# SPDX-License-Identifier: Apache-2.0
# The commands of every day. Tests and the demo share one build (debug), so that a newcomer builds once.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps peers build release test fuzz crash demo bench format format-check

# Swift from PATH, else from where its tarball is usually unpacked.
SWIFT ?= $(shell command -v swift || echo /opt/swift/usr/bin/swift)
# Of `make crash`; without a seed it takes one at random, and prints it.
CYCLES ?= 200
SEED ?=
# Further arguments for `truc demo` and `truc bench accept`.
ARGS ?=

# Of each fuzzer, and which of them (package ids vxp base64): all, two at a time.
SECONDS ?= 120
TARGET ?=

FORMATTED := Sources Tests Package.swift Fuzz/Package.swift Fuzz/Sources/Driver

help:
	@echo 'make demo          install what is missing, build, and send a document from one agency to another;'
	@echo '                   stays up until Ctrl-C. ARGS=--exit ends by itself, with status 0 if every step held'
	@echo 'make test          run every test; FILTER=StoreTests runs some'
	@echo 'make fuzz          look for input that the readers of packages, headers, ids and base64 do not bear;'
	@echo '                   SECONDS=120 of each, TARGET=package one of them, KEEP=1 keeps what it learns'
	@echo 'make build         build the truc command (debug): .build/debug/truc'
	@echo 'make release       build what a hub in service runs, with the Swift libraries inside: .build/release/truc'
	@echo 'make crash         kill a hub and its database again and again under load, and prove that nothing is lost;'
	@echo '                   CYCLES=200 is how often, SEED=1 repeats the actions and faults of an earlier run'
	@echo 'make bench         build for release and measure how many packages a second are accepted;'
	@echo '                   ARGS="--connections 64" and others: see .build/release/truc bench accept --help'
	@echo 'make deps          install the libraries and PostgreSQL that are missing (apt; no database cluster is created)'
	@echo 'make peers         install signxml and pymerkle under .build, so that tests hold our signatures and trees to theirs'
	@echo 'make format        format the sources'
	@echo 'make format-check  say what is not formatted'
	@echo
	@echo 'Swift 6.3 must be there already: https://www.swift.org/install'

deps:
	@deploy/install-dependencies

# Without it the tests that want it are passed over, and say so.
peers: deps
	@.build/peers/bin/python -c 'import signxml, pymerkle' 2>/dev/null \
		|| { python3 -m venv .build/peers && .build/peers/bin/pip install --quiet signxml==5.2.0 pymerkle==7.0.0; }

build: deps
	@$(SWIFT) build --product truc

# Swift's libraries are linked in: the machine of a hub needs no Swift, and a call into them is no jump through a table.
release: deps
	@$(SWIFT) build -c release --static-swift-stdlib --product truc

# The command is built with the tests: some of them start it as a user would. One test at a time: many start a hub, a
# database or a load of their own, and all at once they would find out what the machine bears and not what they ask.
test: deps
	@$(SWIFT) build --build-tests
	@$(SWIFT) test --skip-build --disable-xctest --no-parallel $(if $(FILTER),--filter '$(FILTER)')

fuzz: deps
	@SWIFT='$(SWIFT)' KEEP='$(KEEP)' Fuzz/run $(SECONDS) $(TARGET)

crash: build
	@$(SWIFT) build --product CrashHarness
	@.build/debug/CrashHarness --cycles $(CYCLES) $(if $(SEED),--seed $(SEED))

demo: build
	@.build/debug/truc demo $(ARGS)

bench: release
	@.build/release/truc bench accept $(ARGS)

format:
	@$(SWIFT) format --in-place --recursive --parallel $(FORMATTED)

format-check:
	@$(SWIFT) format lint --strict --recursive --parallel $(FORMATTED)

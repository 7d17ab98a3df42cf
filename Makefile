# The two commands of the README, and what they need. Each installs what it lacks.
#
# Tools and compiled code live in a cache folder outside the clone, so that a second run is quick.

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/carzero
TRUNK_VERSION := 0.21.14
WASM_BINDGEN_VERSION := $(shell sed -n '/^name = "wasm-bindgen"$$/{n;s/^version = "\(.*\)"$$/\1/p;}' Cargo.lock)

export CARGO_TARGET_DIR ?= $(CACHE)/target
export PATH := $(CACHE)/tools/bin:$(HOME)/.cargo/bin:$(PATH)

.PHONY: demo test page tools browser checkout

## Builds the page and serves it on loopback.
demo: tools checkout
	@echo "The page will be at http://127.0.0.1:8080/ once it is built (the first time takes about 15 minutes)."
	trunk serve

## All checks: formatting, lints, native tests, the page, and the page in Chromium.
test: tools browser checkout
	cargo fmt --check
	cargo clippy --locked --all-targets --features train -- -D warnings
	cargo test --locked --features train
	$(MAKE) page
	cd tests/browser && CARZERO_BIN=$(CARGO_TARGET_DIR)/debug/carzero node --test

page: tools checkout
	trunk build --locked

tools:
	@command -v cargo >/dev/null || { echo "Rust is missing: install it from https://rustup.rs"; exit 1; }
	@rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
	@trunk --version 2>/dev/null | grep -q ' $(TRUNK_VERSION)$$' \
		|| cargo install trunk --version $(TRUNK_VERSION) --locked --debug --root $(CACHE)/tools
	@wasm-bindgen --version 2>/dev/null | grep -q ' $(WASM_BINDGEN_VERSION)$$' \
		|| cargo install wasm-bindgen-cli --version $(WASM_BINDGEN_VERSION) --root $(CACHE)/tools

# Checkouts share the cache, and cargo tells their code apart by time only.
checkout:
	@[ "$$(cat $(CACHE)/checkout 2>/dev/null)" = "$(CURDIR)" ] \
		|| { find src -name '*.rs' -exec touch {} + && mkdir -p $(CACHE) && echo "$(CURDIR)" > $(CACHE)/checkout; }

browser:
	@command -v node >/dev/null || { echo "Node.js 20 or newer is missing: install it from https://nodejs.org"; exit 1; }
	@{ [ -n "$(CHROMIUM)" ] || command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null \
		|| { sudo=$$(command -v sudo || true); $$sudo apt-get update && $$sudo apt-get install -y chromium; } \
		|| { echo "Chromium is missing: install it, or set CHROMIUM to its path"; exit 1; }
	npm ci --prefix tests/browser --no-audit --no-fund

# The commands of the README, and what they need. Each installs what it lacks.
#
# Tools and compiled code live in a cache folder outside the clone, so that a second run is quick.

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/carzero
TRUNK_VERSION := 0.21.14
CARGO_DENY_VERSION := 0.20.2
CARGO_CYCLONEDX_VERSION := 0.5.9
CARGO_FUZZ_VERSION := 0.13.2
WASM_BINDGEN_VERSION := $(shell sed -n '/^name = "wasm-bindgen"$$/{n;s/^version = "\(.*\)"$$/\1/p;}' Cargo.lock)

export CARGO_TARGET_DIR ?= $(CACHE)/target
export PATH := $(CACHE)/tools/bin:$(HOME)/.cargo/bin:$(PATH)

# `make bench BENCH=webgpu` for the other device.
BENCH ?= cpu
BENCH_CACHE := $(CACHE)/bench
RESULTS_CACHE := $(CACHE)/results
# `make fuzz RUNS=-1` goes on until it is stopped.
RUNS ?= 1000000

# Tools are compiled to be used once or twice, not to be debugged, and beside the project: cargo locks a target folder.
compile := CARGO_TARGET_DIR=$(CACHE)/tools/target CARGO_PROFILE_DEV_DEBUG=0 cargo install --debug --root $(CACHE)/tools

# A cargo subcommand, by name and version.
install = @cargo $(1) --version 2>/dev/null | grep -q ' $(2)$$' \
	|| $(compile) cargo-$(1) --version $(2) --locked

# Clippy lints what the tests compile anyway, as this package's compiler: `cargo clippy` would check all dependencies once more.
LINTED := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings

# Packages of Debian, by name.
debian = { sudo=$$(command -v sudo || true); $$sudo apt-get update && $$sudo apt-get install -y $(1); }

.PHONY: demo package test native lint engines hosts results audit sbom fuzz bench page tools packages node browser checkout

## Builds the page and serves it on loopback.
demo: tools checkout
	@echo "The page will be at http://127.0.0.1:8080/ once it is built (the first time takes about 15 minutes)."
	trunk serve

## Makes the npm packages `carzero` and `carzero-model-default` in pkg/.
package: page
	npm ci --prefix tests/lint --no-audit --no-fund
	node www/pack.js dist pkg

## All checks: formatting, lints, native tests, the page, and the page in Chromium. Two at a time, the longest first: what one
## cannot share out among the cores (downloads, link-time optimisation, a long test) leaves time to the other. The page has precedence.
test:
	$(MAKE) -j2 page native audit lint
	npm run --prefix tests/lint types:built
	cd tests/browser && CARZERO_BIN=$(CARGO_TARGET_DIR)/debug/carzero node --test --test-concurrency=2

## Formatting, lints and tests of the Rust code.
native: checkout
	cargo fmt --check
	$(LINTED) nice cargo test --locked --features train,llm

## Form, types and imports of the page's and the tests' JavaScript and CSS.
lint: browser packages
	npm ci --prefix tests/lint --no-audit --no-fund
	npm test --prefix tests/lint

## A visit to the page in Firefox and in WebKit, which Safari is made of, compared with one in Chromium.
engines: page browser
	@{ { command -v firefox-esr || command -v firefox; } && command -v WebKitWebDriver && command -v xvfb-run; } >/dev/null \
		|| $(call debian,firefox-esr webkit2gtk-driver xvfb) \
		|| { echo "Firefox, WebKitWebDriver or xvfb-run is missing: install them"; exit 1; }
	npm ci --prefix tests/engines --no-audit --no-fund
	cd tests/engines && node --test

## The page on nginx and on Caddy, set up as the README says.
hosts: export PATH := $(PATH):/usr/sbin
hosts: page browser
	@{ command -v nginx && command -v caddy; } >/dev/null || $(call debian,nginx-light caddy) \
		|| { echo "nginx or Caddy is missing: install them"; exit 1; }
	cd tests/hosts && node --test

## What is written for other programs, read by pydicom, highdicom, DCMTK, dicom3tools and fhir.resources.
results: checkout $(RESULTS_CACHE)/env/installed
	@{ command -v dsrdump && command -v dciodvfy; } >/dev/null || $(call debian,dcmtk dicom3tools) \
		|| { echo "dsrdump or dciodvfy is missing: install DCMTK and dicom3tools"; exit 1; }
	cargo build --locked --features train,llm
	$(RESULTS_CACHE)/env/bin/python tests/results/check.py $(CARGO_TARGET_DIR)/debug/carzero

## Licences, sources and bans of all dependencies; advisories where their databases can be reached.
audit:
	$(call install,deny,$(CARGO_DENY_VERSION))
	cargo deny --locked check bans licenses sources
	@if timeout 60 cargo deny --locked fetch db 2>/dev/null; then cargo deny --locked check --disable-fetch advisories; \
		else echo "Not checked: RustSec's advisories cannot be reached."; fi
	@for folder in www tests/lint tests/browser tests/engines tests/bench; do \
		report=$$(timeout 60 npm audit --prefix $$folder --package-lock-only --json 2>/dev/null) && continue; \
		case $$report in *auditReportVersion*) echo "$$report"; exit 1; esac; \
		echo "Not checked: npm's advisories on $$folder cannot be reached."; done

## Writes carzero.cdx.json, a software bill of materials (CycloneDX) of everything that may be compiled in. It names no folder of this machine.
sbom:
	$(call install,cyclonedx,$(CARGO_CYCLONEDX_VERSION))
	cargo cyclonedx --format json --all-features --target all
	@sed 's|path+file://$(CURDIR)#|path+file:///#|' carzero.cdx.json > carzero.cdx.json.new && mv carzero.cdx.json.new carzero.cdx.json

## Fuzzes what reads foreign data, with nightly Rust.
fuzz:
	@rustup toolchain list | grep -q '^nightly' || rustup toolchain install nightly --profile minimal
	$(call install,fuzz,$(CARGO_FUZZ_VERSION))
	@for target in picture dicom manifest shards checkpoint align table; do \
		mkdir -p $(CACHE)/fuzz/$$target && \
		cargo +nightly fuzz run --fuzz-dir tests/fuzz -O -a -s none $$target \
			$(CACHE)/fuzz/$$target tests/fuzz/seeds/$$target -- \
			-runs=$(RUNS) -timeout=10 -rss_limit_mb=2048 \
			$$(test ! -f tests/fuzz/$$target.dict || echo -dict=tests/fuzz/$$target.dict) || exit 1; done

## Times the page's module, onnxruntime-web and LiteRT.js on the same models.
bench: page browser $(foreach model,default carzero-vitb16,$(BENCH_CACHE)/graphs/$(model)/score.onnx \
		$(BENCH_CACHE)/litert/f32/$(model)/score.tflite $(BENCH_CACHE)/litert/int8/$(model)/score.tflite)
	npm ci --prefix tests/bench --no-audit --no-fund
	cd tests/bench && CARZERO_BENCH=$(BENCH_CACHE) node bench.mjs --device $(BENCH)

$(BENCH_CACHE)/env/installed: tests/bench/requirements.txt
$(RESULTS_CACHE)/env/installed: tests/results/requirements.txt
$(BENCH_CACHE)/env/installed $(RESULTS_CACHE)/env/installed:
	python3 -m venv --clear $(@D) || { echo "Python 3.11 or newer with venv is missing"; exit 1; }
	$(@D)/bin/pip install -r $<
	touch $@

# The official architecture with random weights. Of each folder, the file that is written last.
$(BENCH_CACHE)/carzero-vitb16/manifest.json: tests/bench/export.py $(BENCH_CACHE)/env/installed
	$(BENCH_CACHE)/env/bin/python $< checkpoint $(BENCH_CACHE)/official
	cargo run --locked --features train,llm -- convert $(BENCH_CACHE)/official/checkpoint.safetensors \
		--tokenizer $(BENCH_CACHE)/official/vocab.txt --precision q8 --out $(@D)
	rm -r $(BENCH_CACHE)/official

$(BENCH_CACHE)/graphs/carzero-vitb16/score.onnx: $(BENCH_CACHE)/carzero-vitb16/manifest.json
	$(BENCH_CACHE)/env/bin/python tests/bench/export.py graphs $(<D) $(@D)

$(BENCH_CACHE)/graphs/default/score.onnx: models/default/manifest.json tests/bench/export.py $(BENCH_CACHE)/env/installed
	$(BENCH_CACHE)/env/bin/python tests/bench/export.py graphs $(<D) $(@D)

$(BENCH_CACHE)/litert/%/carzero-vitb16/score.tflite: $(BENCH_CACHE)/carzero-vitb16/manifest.json tests/bench/litegraphs.py
	$(BENCH_CACHE)/env/bin/python tests/bench/litegraphs.py $* $(<D) $(@D)

$(BENCH_CACHE)/litert/%/default/score.tflite: models/default/manifest.json tests/bench/litegraphs.py $(BENCH_CACHE)/env/installed
	$(BENCH_CACHE)/env/bin/python tests/bench/litegraphs.py $* $(<D) $(@D)

page: tools checkout
	trunk build --locked

tools: packages
	@command -v cargo >/dev/null || { echo "Rust is missing: install it from https://rustup.rs"; exit 1; }
	@rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
	@trunk --version 2>/dev/null | grep -q ' $(TRUNK_VERSION)$$' \
		|| $(compile) trunk --version $(TRUNK_VERSION) --locked
	@wasm-bindgen --version 2>/dev/null | grep -q ' $(WASM_BINDGEN_VERSION)$$' \
		|| CARGO_PROFILE_DEV_OPT_LEVEL=1 $(compile) wasm-bindgen-cli --version $(WASM_BINDGEN_VERSION)

# Checkouts share the cache, and cargo tells their code apart by time only.
checkout:
	@[ "$$(cat $(CACHE)/checkout 2>/dev/null)" = "$(CURDIR)" ] \
		|| { find src -name '*.rs' -exec touch {} + && mkdir -p $(CACHE) && echo "$(CURDIR)" > $(CACHE)/checkout; }

# What the page's scripts are put together with, and of.
packages: node
	npm ci --prefix www --no-audit --no-fund

node:
	@command -v node >/dev/null || { echo "Node.js 20 or newer is missing: install it from https://nodejs.org"; exit 1; }

browser: node
	@{ [ -n "$(CHROMIUM)" ] || command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null \
		|| $(call debian,chromium) \
		|| { echo "Chromium is missing: install it, or set CHROMIUM to its path"; exit 1; }
	npm ci --prefix tests/browser --no-audit --no-fund

#!/usr/bin/env bash
# An optimisation level for the program's own package makes Cargo forget `strip = "symbols"`: a WebAssembly module keeps its function names.
#
# Cargo 1.95.0. A profile that strips symbols, and an override that names only the package that is linked, in the way that projects
# use to make one crate fast and all others small:
#
#     [profile.release]
#     strip = "symbols"
#     [profile.release.package.program]
#     opt-level = 3
#
# The override says nothing of `strip`, yet the program is linked with `-C strip=debuginfo`, without a warning. The same level for the
# profile, or for all other packages (`package."*"`), leaves `strip=symbols`. In a module for the web the section of function names then
# travels to every visitor. It is so for native programs, too.
#
# Seen:
#   no override: strip=symbols, no section of names
#   override of "*": strip=symbols, no section of names
#   override of the program: strip=debuginfo, a section of names
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export CARGO_TARGET_DIR="$folder/target" RUSTUP_TOOLCHAIN=1.95.0
rustup toolchain install 1.95.0 --profile minimal --target wasm32-unknown-unknown >/dev/null 2>&1
cargo new --quiet --vcs none "$folder/program"
cd "$folder/program"
cp Cargo.toml plain.toml
target="$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/program.wasm"

# What it is called, the part of the profile that is overridden, and what is expected.
try() {
	{ cat plain.toml; printf '[profile.release]\nstrip = "symbols"\n%s\n' "$2"; } > Cargo.toml
	touch src/main.rs
	strip=$(cargo build --release --target wasm32-unknown-unknown --verbose 2>&1 | grep -o 'strip=[a-z]*' | sort -u)
	names=$(grep -qa '4core3fmt' "$target" && echo "a section of names" || echo "no section of names")
	echo "$1: $strip, $names"
	[ "$strip, $names" = "$3" ] || { echo "This has changed."; exit 1; }
}
try "no override" "" "strip=symbols, no section of names"
try 'override of "*"' $'[profile.release.package."*"]\nopt-level = "s"' "strip=symbols, no section of names"
try "override of the program" $'[profile.release.package.program]\nopt-level = 3' "strip=debuginfo, a section of names"

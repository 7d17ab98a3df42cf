#!/bin/sh
# Trunk's post_build hook, after bundle.sh: gives the build its id, from what is in it, and lists its files in build.json for sw.js.
set -eu
cd "${TRUNK_STAGING_DIR:?}"
digest() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

# Of a model folder only its manifest is listed: it has the SHA-256 of the other files, which worker/shelf.js keeps.
# Declarations for TypeScript are not listed: only who edits the page reads them.
files=$(find . -type f ! -name sw.js ! -name build.json ! -name '*.d.ts' ! \( -path './models/*' ! -name manifest.json \) | sed 's|^\./||' | LC_ALL=C sort)
build=$(digest $files | digest | cut -c1-12)
sed "s|<meta name=\"build\" content=\"\">|<meta name=\"build\" content=\"$build\">|" index.html > index.new
mv index.new index.html
{
  printf '{"build": "%s", "files": {\n' "$build"
  digest $files | sed 's|^\([0-9a-f]*\)[ *]*\(.*\)$|  "\2": "\1",|' | sed '$ s|,$||'
  echo '}}'
} > build.json

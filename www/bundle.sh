#!/bin/sh
# Trunk's post_build hook: one file each of the page's scripts, style sheets and workers, so that a first visit needs
# few requests. The sources stay plain modules, and nothing in them is renamed. The code that boot/first.js and app.js
# share becomes a chunk in worker/, not at the top: core/trusted.js, which is in it, looks for the workers at
# ../worker/.
set -eu
cd www
[ -x node_modules/.bin/esbuild ] || { echo "esbuild is missing: run npm ci --prefix www" >&2; exit 1; }
bundle() {
  node_modules/.bin/esbuild "$@" --bundle --format=esm --target=esnext --outbase=. --outdir="${TRUNK_STAGING_DIR:?}" --log-level=warning
}
bundle boot/first.js app.js css/page.css --splitting --chunk-names='worker/[name]-[hash]'
bundle worker/worker.js worker/member.js worker/decoder.js worker/evaluator.js worker/results.js worker/converter.js
bundle library/viewer.js library/viewer.css embed.css

cd "$TRUNK_STAGING_DIR"
for chunk in worker/chunk-*.js; do
  echo "  <link rel=\"modulepreload\" href=\"$chunk\">"
done > preload.new
sed '/src="boot\/first\.js"/r preload.new' index.html > index.new
mv index.new index.html
rm preload.new

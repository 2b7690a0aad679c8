#!/usr/bin/env bash
# Resolves setup.cfg once for Python 3.11 to 3.13 and cuts the locks of it. No addresses in any of them.
set -euo pipefail
cd "$(dirname "$0")/.."
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -p requirements/*.txt "$before"
compile=("${UV:-uv}" pip compile --quiet --universal setup.cfg --python-version 3.11 --no-header --no-annotate)
"${compile[@]}" --all-extras -o requirements/dev.txt
"${compile[@]}" --extra lti --extra sim --extra paper --extra demo -c requirements/dev.txt -o requirements/demo.txt
"${compile[@]}" --extra xblocks -c requirements/dev.txt -o requirements/xblocks.txt
# The core on the oldest libraries that it allows: a recorded run must come out the same there.
"${compile[@]}" --resolution lowest-direct -o requirements/oldest.txt
# The blocks and their plug-in on what the oldest Open edX sites carry.
"${UV:-uv}" pip compile --quiet --universal setup.cfg requirements/openedx-old.in --python-version 3.11 --no-header --no-annotate \
  -o requirements/openedx-old.txt
# And on what the newest carry.
"${UV:-uv}" pip compile --quiet --universal setup.cfg requirements/openedx-new.in --python-version 3.12 --no-header --no-annotate \
  -o requirements/openedx-new.txt
# A platform of the tests: its own Python, its own environment, nothing in common with the others but our core.
"${UV:-uv}" pip compile --quiet --universal setup.cfg requirements/lti-consumer.in --python-version 3.12 --no-header --no-annotate \
  -o requirements/lti-consumer.txt
grep -E '^uv==' requirements/dev.txt > requirements/installer.txt
# What came out the same keeps its date, or make would build every environment anew.
for file in requirements/*.txt; do
  if cmp -s "$file" "$before/${file##*/}"; then touch -r "$before/${file##*/}" "$file"; fi
done

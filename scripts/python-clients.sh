#!/bin/sh
# Makes the virtual environment with the client libraries that test/python needs, in .scratch/python, unless it is there with
# the packages of today's list. Safe to call twice at once: the second waits for the first.
set -eu
cd "$(dirname "$0")/.."
wanted=test/python/requirements.txt
environment=.scratch/python

mkdir -p .scratch
exec 9>.scratch/python.lock
flock 9
if cmp -s "$wanted" "$environment/installed.txt"; then exit 0; fi
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted"
cp "$wanted" "$environment/installed.txt"

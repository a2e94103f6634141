#!/bin/sh
# Makes dist/: the program in one file, and the library with its types. Called by `npm run build`, which puts the compiler
# on the PATH; `npm run build -- program` leaves the library out, as an image does.
set -eu

rm -rf dist
mkdir dist
node scripts/build-validator.mjs
node scripts/build-page.mjs
node scripts/build-program.mjs
[ "${1-}" = program ] || node scripts/build-library.mjs

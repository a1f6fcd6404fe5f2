#!/usr/bin/env bash
# Builds the kernel checker for this machine and runs it at every level that its CPU has, forced through KITE_CPU.
# Options are the checker's: --rounds N, --seed N. Ends with 3 where there is no clang.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v "${CC:-clang}" >/dev/null || { echo 'cannot check the kernels: no clang'; exit 3; }
[ "${1:-}" != --tools ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
Benchmarks/kernels/build.sh "$work/kernels"
unset KITE_CPU
failed=0
for level in $("$work/kernels" levels); do
    KITE_CPU=$level "$work/kernels" check "$@" || failed=1
done
exit $failed

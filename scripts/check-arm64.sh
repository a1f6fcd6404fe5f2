#!/usr/bin/env bash
# Builds the kernel checker for arm64 and runs it under emulation: every kernel, at every level, against its scalar
# twin.
# Options are the checker's: --rounds N, --seed N. Ends with 3, saying what is missing, where the tools are not there;
# with --tools, looks for them only.
# Debian: apt-get install qemu-user-static libc6-dev-arm64-cross libgcc-12-dev-arm64-cross
set -euo pipefail
cd "$(dirname "$0")/.."
missing() { echo "cannot check arm64: $1"; exit 3; }
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || missing 'no qemu-aarch64 (Debian: qemu-user-static)'
command -v "${CC:-clang}" >/dev/null || missing 'no clang'
[ -e /usr/aarch64-linux-gnu/lib/libc.a ] || missing 'no arm64 C library (Debian: libc6-dev-arm64-cross)'
compgen -G '/usr/lib/gcc-cross/aarch64-linux-gnu/*/libgcc.a' >/dev/null ||
    missing 'no arm64 libgcc (Debian: libgcc-12-dev-arm64-cross)'
[ "${1:-}" != --tools ] || exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
Benchmarks/kernels/build.sh "$work/kernels" --target=aarch64-linux-gnu -static -fuse-ld=lld \
    -isystem /usr/aarch64-linux-gnu/include

# expect CPU LEVELS: what is detected there.
expect() {
    local found
    found=$("$qemu" -cpu "$1" "$work/kernels" levels | tr '\n' ' ')
    [ "$found" = "$2 " ] || { echo "$1 has levels: $found(expected: $2)"; exit 1; }
    echo "$1: $2"
}
unset KITE_CPU
expect cortex-a57 'scalar neon'
expect neoverse-n1 'scalar neon dotprod'
expect max 'scalar neon dotprod i8mm'
# Each level on a CPU that has nothing above it: an instruction too many would stop the program.
KITE_CPU=neon "$qemu" -cpu cortex-a57 "$work/kernels" check "$@" &
KITE_CPU=dotprod "$qemu" -cpu neoverse-n1 "$work/kernels" check "$@" &
KITE_CPU=i8mm "$qemu" -cpu max "$work/kernels" check "$@" &
failed=0
for job in $(jobs -p); do wait "$job" || failed=1; done
exit $failed

#!/bin/bash
# scripts/fuzz.sh TARGET [SECONDS]: builds one target of Fuzz/ with libFuzzer and the address sanitizer and runs it.
# Starts from seeds the target writes itself (KITE_FUZZ_SEEDS) and from what earlier runs found, all kept in
# .build-fuzz, outside of git. A finding ends the run with an error and leaves its input in .build-fuzz/findings.
set -euo pipefail
target=${1:?usage: scripts/fuzz.sh FuzzGGUF|FuzzSafetensors|FuzzTokenizer|FuzzTemplate|FuzzGrammar [seconds]}
seconds=${2:-600}
cd "$(dirname "$0")/.."

# A crash must end at once: the backtracer takes minutes on a sanitized binary.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1

KITE_FUZZ=$target swift build --scratch-path .build-fuzz -c release --product "$target" \
    -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=address
binary=.build-fuzz/release/$target
corpus=.build-fuzz/corpus/$target
findings=.build-fuzz/findings/$target/
mkdir -p "$corpus" "$findings"
KITE_FUZZ_SEEDS=$corpus "$binary" -runs=0
exec "$binary" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$findings" -print_final_stats=1 "$corpus"

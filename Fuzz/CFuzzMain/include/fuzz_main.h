#pragma once
#include <stddef.h>
#include <stdint.h>

/// The function that each fuzz target defines (with @_cdecl).
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// libFuzzer's loop.
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*test)(const uint8_t *data, size_t size));

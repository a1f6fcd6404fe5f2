// SHA-256 (FIPS 180-4) of whole blocks.
#ifndef KITE_SHA256_H
#define KITE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/// Folds `blocks` blocks of 64 bytes into the state. The CPU's own instructions (SHA extensions of x86) are used where
/// they are there, unless `KITE_CPU` says scalar; the result is the same.
void kite_sha256(uint32_t state[8], const uint8_t *bytes, size_t blocks);

/// The same without the CPU's own instructions.
void kite_sha256_scalar(uint32_t state[8], const uint8_t *bytes, size_t blocks);

#endif

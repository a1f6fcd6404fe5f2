// quantize_lanes.h for NEON: a vector is four registers, 32 registers in all.
#if defined(__aarch64__)
#define KITE_ENCODE kite_encode_neon
#include "quantize_lanes.h"
#endif

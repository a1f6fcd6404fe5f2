// float_vector.h for NEON: a vector is four registers, 32 registers in all.
#if defined(__aarch64__)
#define KITE_FLOAT_TABLE kite_float_neon
#define KITE_BLOCK_VECTORS 1
#define KITE_DOT "arm/dot_neon.h"
#include "float_vector.h"
#endif

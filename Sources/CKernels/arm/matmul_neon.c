// Matrix products for NEON without dot products.
#if defined(__aarch64__)
#define KITE_MATMUL_TABLE kite_matmul_neon
#include "matmul_level_neon.h"
#endif

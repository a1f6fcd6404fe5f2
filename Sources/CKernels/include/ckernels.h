// Umbrella header of the SIMD kernels. Plain pointers and counts only; no intrinsics here, Swift imports it.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "kite_ceiling.h"
#include "kite_cpu.h"
#include "kite_float.h"
#include "kite_matmul.h"
#include "kite_quantize.h"
#include "kite_sha256.h"

#endif

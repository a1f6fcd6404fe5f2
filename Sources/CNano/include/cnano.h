// The demo model that ships inside the binary: a GGUF file, see README "The built-in model".
#ifndef CNANO_H
#define CNANO_H
#include <stddef.h>

/// First byte of the embedded GGUF file; 64-byte aligned.
const unsigned char *kite_nano_model(void);
/// Length of the embedded GGUF file in bytes.
size_t kite_nano_model_size(void);

#endif

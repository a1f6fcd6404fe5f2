#include "cnano.h"

#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed

_Alignas(64) static const unsigned char model[] = {
#embed "nano-chat.gguf"
};

const unsigned char *kite_nano_model(void) { return model; }
size_t kite_nano_model_size(void) { return sizeof model; }

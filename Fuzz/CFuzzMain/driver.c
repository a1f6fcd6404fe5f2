#include "fuzz_main.h"

// The package manager makes an executable start at TARGET_main, the name it gives main in Swift modules, and so
// passes over the main that libFuzzer brings. This one hands over to libFuzzer.
int KITE_FUZZ_MAIN(int count, char **arguments) {
    return LLVMFuzzerRunDriver(&count, &arguments, LLVMFuzzerTestOneInput);
}

// One libFuzzer program a format (RSR_FUZZ_FORMAT): ./dev fuzz builds and runs them.
#include "read_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  rsr::ReadFuzzedBytes(rsr::FuzzFormat::RSR_FUZZ_FORMAT, bytes, size);
  return 0;
}

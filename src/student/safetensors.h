// Weights in the safetensors format: 8 bytes with the length of a JSON header, the header, the
// tensors' bytes.
//
// Headers and the index are untrusted. What the format's own library demands is demanded here:
// every tensor lies within the file, is as long as type and shape say, and the tensors cover the
// bytes behind the header without gap or overlap. Beyond that, each begins at a multiple of its
// element (as every file with a padded header has it), so that it can be read in place.
#pragma once

#include <string>
#include <vector>

#include "student/student_info.h"

namespace rsr {

// The tensors of one file, `file` 0, in the order of their bytes. Throws rsr::Error naming file and
// tensor.
std::vector<StudentTensor> ReadSafetensors(const std::string& path);

// Fills `files` and `tensors` of `student` from its directory `path`: model.safetensors, else the
// shards that model.safetensors.index.json names. Throws rsr::Error: neither is there (says what
// is), an index that names an absent shard or a tensor its shard does not hold, a tensor in two
// shards, and what ReadSafetensors throws.
void ReadSafetensorsOf(StudentInfo* student);

}  // namespace rsr

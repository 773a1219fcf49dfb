# Imported targets for what third_party/get.sh unpacked and built, and for the Debian packages.
# The RSR_*_ROOT folders come from ./dev.
foreach(root LLAMA ONEDNN ARROW SIMDJSON)
  if(NOT EXISTS "${RSR_${root}_ROOT}")
    message(FATAL_ERROR "RSR_${root}_ROOT is not set: configure with ./dev build, which fetches what is needed")
  endif()
endforeach()
set(RSR_DEMO_STUDENT "" CACHE FILEPATH "SmolLM2-135M-Instruct, the student of the demo and the tests")
set(RSR_GEMMA_STUDENT "" CACHE FILEPATH "Gemma 3 270M, for one slow test: third_party/get.sh gemma fetches it")
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)  # oneDNN's threading; ours only to switch it off
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(hwy REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(eigen3 REQUIRED IMPORTED_TARGET eigen3)
find_package(GTest REQUIRED)
include(GoogleTest)

# llama.cpp: static, single threaded per context.
set(llama_lib ${RSR_LLAMA_ROOT}/lib)
add_library(rsr_llama INTERFACE)
target_include_directories(rsr_llama SYSTEM INTERFACE ${RSR_LLAMA_ROOT}/include)
target_link_libraries(rsr_llama INTERFACE ${llama_lib}/libllama.a ${llama_lib}/libggml.a
                      ${llama_lib}/libggml-cpu.a ${llama_lib}/libggml-base.a Threads::Threads ${CMAKE_DL_LIBS})
add_library(rsr_jinja INTERFACE)
target_include_directories(rsr_jinja SYSTEM INTERFACE ${RSR_LLAMA_ROOT}/include)
target_link_libraries(rsr_jinja INTERFACE ${llama_lib}/librsr_jinja.a rsr_llama)

# oneDNN: the wheel keeps library and headers under two `data` folders.
file(GLOB onednn_library ${RSR_ONEDNN_ROOT}/onednn_cpu_gomp-*.data/data/lib/libdnnl.so.3)
file(GLOB onednn_include ${RSR_ONEDNN_ROOT}/onednn_devel_cpu_gomp-*.data/data/include)
add_library(rsr_onednn SHARED IMPORTED)
set_target_properties(rsr_onednn PROPERTIES IMPORTED_LOCATION ${onednn_library} IMPORTED_SONAME libdnnl.so.3)
target_include_directories(rsr_onednn SYSTEM INTERFACE ${onednn_include})

# Arrow and Parquet: the pyarrow wheel's libraries by their versioned names; the SONAME changes with each major version.
foreach(library arrow parquet)
  file(GLOB location ${RSR_ARROW_ROOT}/pyarrow/lib${library}.so.2600)
  add_library(rsr_${library} SHARED IMPORTED)
  set_target_properties(rsr_${library} PROPERTIES IMPORTED_LOCATION ${location} IMPORTED_SONAME lib${library}.so.2600)
  target_include_directories(rsr_${library} SYSTEM INTERFACE ${RSR_ARROW_ROOT}/pyarrow/include)
endforeach()
target_link_libraries(rsr_parquet INTERFACE rsr_arrow)

# simdjson, in a namespace of its own: see third_party/get.sh.
add_library(rsr_simdjson INTERFACE)
target_include_directories(rsr_simdjson SYSTEM INTERFACE ${RSR_SIMDJSON_ROOT})
target_compile_definitions(rsr_simdjson INTERFACE simdjson=rsr_simdjson)
target_link_libraries(rsr_simdjson INTERFACE ${RSR_SIMDJSON_ROOT}/libsimdjson.a)

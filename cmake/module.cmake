# rsr_module(NAME [DEPS modules...] [LIBS libraries...]): the static library rsr_NAME out of the folder's *.cc (folders
# below it included) and, where there are *_test.cc, the program NAME_test with label `fast`.
# A test file named *_slow_test.cc goes into NAME_slow_test with label `slow` instead.
function(rsr_module name)
  cmake_parse_arguments(arg "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  set(slow_tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cc$")
  list(FILTER slow_tests INCLUDE REGEX "_slow_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER tests EXCLUDE REGEX "_slow_test\\.cc$")
  if(sources)
    add_library(rsr_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(rsr_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(rsr_${name} ${scope} ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  foreach(dep ${arg_DEPS})
    target_link_libraries(rsr_${name} ${scope} rsr_${dep})
  endforeach()
  target_link_libraries(rsr_${name} ${scope} ${arg_LIBS} fmt::fmt)
  rsr_test(${name}_test fast "rsr_${name}" ${tests})
  rsr_test(${name}_slow_test slow "rsr_${name}" ${slow_tests})
endfunction()

# rsr_test(NAME LABEL "libraries" sources...): a GoogleTest program; each of its tests is one test of ctest.
# RSR_SOURCE_DIR (this repository), RSR_SHARED_DIR (reference data beside it; tests skip where it is absent) and
# RSR_DEMO_STUDENT (GGUF file) are defined as string macros.
function(rsr_test name label libraries)
  if(NOT ARGN)
    return()
  endif()
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE ${libraries} GTest::gtest_main GTest::gmock)
  target_compile_definitions(${name} PRIVATE RSR_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    RSR_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared" RSR_DEMO_STUDENT="${RSR_DEMO_STUDENT}"
    RSR_BINARY_DIR="${CMAKE_BINARY_DIR}" RSR_LLAMA_ROOT="${RSR_LLAMA_ROOT}")
  if(label STREQUAL "slow")
    set(alone RUN_SERIAL TRUE)
  endif()
  gtest_discover_tests(${name} PROPERTIES LABELS ${label} TIMEOUT 1800 ${alone} DISCOVERY_TIMEOUT 60)
endfunction()

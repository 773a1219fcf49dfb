# ./dev install --prefix P: the program, librsr with its headers, and the shared libraries it needs beside it.
include(GNUInstallDirs)
install(TARGETS rsr_cli RUNTIME DESTINATION bin)
install(TARGETS rsr LIBRARY DESTINATION lib)
set_target_properties(rsr PROPERTIES INSTALL_RPATH "$ORIGIN")
install(DIRECTORY include/rsr DESTINATION include)
install(FILES ${onednn_library} ${RSR_ARROW_ROOT}/pyarrow/libarrow.so.2600
              ${RSR_ARROW_ROOT}/pyarrow/libparquet.so.2600 DESTINATION lib)
install(FILES LICENSE DESTINATION share/doc/rsr)

"""HDF5: read in a child process, since its library crashes on hostile files."""

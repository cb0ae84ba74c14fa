"""Small physics simulators that write the experiments' own file formats."""

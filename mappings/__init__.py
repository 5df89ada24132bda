"""Pure translation between the domain and each wire format: ``build_*`` goes out, ``read_*`` comes in. No I/O."""
